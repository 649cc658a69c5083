import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createNoteSigner,
  formatCheckpoint,
  formatSignedTree,
  formatVerifierKey,
  parseSignerJournal,
  type SignedTree,
  signingRefusal,
  type SigningRefusalCode,
  type SigningRequest,
  signNote,
} from '@karmanflow/receipts';

export type SigningOutcome =
  | { readonly ok: true; readonly notes: readonly string[] }
  | { readonly ok: false; readonly code: SigningRefusalCode; readonly origin: string };

/** Signs the checkpoints of all logs, and remembers outside of the database what it signed. */
export interface CheckpointSigner {
  /** The largest tree of a log that was signed. */
  remembered(origin: string): SignedTree | undefined;
  /**
   * Signs all of these checkpoints or none: none when one contradicts what was signed before. What is to be remembered is
   * on disk before any signature is made. One call at a time. Throws when the disk does not take it; then for good.
   */
  sign(requests: readonly SigningRequest[]): Promise<SigningOutcome>;
  /** The public key of a log, as C2SP signed-note writes it. */
  verifierKey(origin: string): string;
  close(): Promise<void>;
}

const journalName = 'signed-checkpoints';

/**
 * Opens the memory in `directory`, or begins one, and signs with the Ed25519 key of `seed` (32 bytes). The key bears the name
 * of each log in turn, as C2SP tlog-checkpoint asks. Throws when the memory is damaged: signing without it could fork.
 */
export async function openCheckpointSigner(options: {
  readonly directory: string;
  readonly seed: Uint8Array;
}): Promise<CheckpointSigner> {
  const { directory, seed } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const memory = await readMemory(join(directory, journalName));
  const journal = await beginJournal(directory, memory);
  const signerOf = (origin: string) => createNoteSigner({ name: origin, seed });
  let isBroken = false;

  async function remember(requests: readonly SigningRequest[]): Promise<void> {
    const grown = requests.filter(({ origin, size }) => (memory.get(origin)?.size ?? -1n) < size);
    if (grown.length === 0) return;
    // After half a line nothing can be appended: the next start reads the journal anew, and leaves that half out.
    if (isBroken) throw new Error('the memory of the signer could not be written before');
    isBroken = true;
    await journal.appendFile(grown.map(formatSignedTree).join(''));
    await journal.datasync();
    isBroken = false;
    for (const { origin, size, root } of grown) memory.set(origin, { size, root });
  }

  return {
    remembered: (origin) => memory.get(origin),
    async sign(requests) {
      for (const request of requests) {
        const code = signingRefusal(memory, request);
        if (code !== null) return { ok: false, code, origin: request.origin };
      }
      await remember(requests);
      const notes = requests.map(({ origin, size, root }) =>
        signNote({ text: formatCheckpoint({ origin, size, root }), signers: [signerOf(origin)] }),
      );
      return { ok: true, notes };
    },
    verifierKey: (origin) => formatVerifierKey(signerOf(origin).key),
    close: () => journal.close(),
  };
}

async function readMemory(path: string): Promise<Map<string, SignedTree>> {
  let text = '';
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  const memory = parseSignerJournal(text);
  if (memory === undefined) throw new Error(`${path} is damaged: nothing is signed without it`);
  return new Map(memory);
}

/** One line for each log, put in place whole, so that a half line of before is gone before anything is appended. */
async function beginJournal(directory: string, memory: ReadonlyMap<string, SignedTree>): Promise<FileHandle> {
  const path = join(directory, journalName);
  const lines = [...memory].map(([origin, tree]) => formatSignedTree({ origin, ...tree }));
  const draft = await open(`${path}.next`, 'w', 0o600);
  await draft.writeFile(lines.join(''));
  await draft.sync();
  await draft.close();
  await rename(`${path}.next`, path);
  const folder = await open(directory, 'r');
  await folder.sync().finally(() => folder.close());
  return open(path, 'a', 0o600);
}
