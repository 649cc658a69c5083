import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Checkpoint,
  formatCheckpoint,
  parseCheckpoint,
  sha256Hex,
  type WitnessedTree,
} from '@karmanflow/receipts';
import { witnessLimits } from './witness-limits.ts';

/** What a witness cosigned last of each log, in a folder: one file for each. */
export interface WitnessMemory {
  /** Undefined when it never cosigned one of this log. Throws when the file is damaged: nothing is cosigned without it. */
  read(origin: string): Promise<WitnessedTree | undefined>;
  /** Resolves when it is on disk, in place of what was there. One call at a time for each log. */
  remember(checkpoint: Checkpoint): Promise<void>;
}

const seedBytes = 32;

/** Opens the folder, which nobody else may read or write, or makes it. One process at a time. */
export async function openWitnessMemory(directory: string): Promise<WitnessMemory> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const placeOf = (origin: string): string => join(directory, sha256Hex(new TextEncoder().encode(origin)));
  return {
    async read(origin) {
      const text = await readText(placeOf(origin));
      if (text === undefined) return undefined;
      const checkpoint = text.length <= witnessLimits.stateFileBytes ? parseCheckpoint(text) : undefined;
      if (checkpoint?.origin !== origin) throw new Error(`${placeOf(origin)} is damaged: its log is not cosigned`);
      return checkpoint;
    },
    remember: (checkpoint) =>
      replaceFile({ directory, path: placeOf(checkpoint.origin), text: formatCheckpoint(checkpoint) }),
  };
}

/**
 * The key of the witness: 32 bytes, made with the folder. Whoever loses the folder loses the key with it, so that no witness
 * goes on under its name without knowing what it cosigned.
 */
export async function openWitnessSeed(directory: string): Promise<Uint8Array> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'key');
  const present = await readText(path);
  if (present === undefined) {
    const seed = randomBytes(seedBytes);
    await replaceFile({ directory, path, text: `${seed.toString('base64')}\n` });
    return seed;
  }
  const seed = Buffer.from(present, 'base64');
  // Never the content in the message: it is the key.
  if (seed.length !== seedBytes) throw new Error(`${path} is not a key of ${seedBytes} bytes`);
  return seed;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** After a crash the old text is there or the new one, and after it has resolved the new one. */
async function replaceFile(file: {
  readonly directory: string;
  readonly path: string;
  readonly text: string;
}): Promise<void> {
  const draft = `${file.path}.next`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(file.text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file.path);
  const folder = await open(file.directory, 'r');
  await folder.sync().finally(() => folder.close());
}
