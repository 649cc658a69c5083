import {
  cosignCheckpoint,
  createCosigner,
  formatCheckpoint,
  formatSignatureLine,
  judgeCheckpointUpdate,
  type NoteKey,
  parseAddCheckpoint,
  parseNote,
  type PolicyParty,
  type UpdateRefusalCode,
  type WitnessedTree,
} from '@karmanflow/receipts';

/** What the witness does with the next request; after the last of a list it behaves. */
export type WitnessFault =
  /** Cosigns with a key that is not its own, under its own name. */
  | 'wrong_key'
  /** Its own name and key id, over another tree. */
  | 'other_tree'
  | 'other_name'
  | 'no_signatures'
  | 'not_utf8'
  /** Records the checkpoint, and then answers as if it had failed. */
  | 'lost_answer'
  | 'error'
  | 'redirect'
  | 'endless'
  | 'silence'
  /** Says that it has cosigned more than there is, a size that never was, or the one that it was asked from. */
  | 'claims_more'
  | 'claims_other'
  | 'claims_same'
  | 'claims_3'
  | 'claims_17'
  | 'conflict_without_size'
  /** Adds signatures of strangers to its own. */
  | 'strangers_too';

export interface TestWitness extends AsyncDisposable {
  readonly party: PolicyParty & { readonly url: string };
  /** What it cosigned last of each log. */
  readonly witnessed: Map<string, WitnessedTree>;
  /** The old size of each request so far. */
  readonly asked: readonly bigint[];
  failNext(...faults: readonly WitnessFault[]): void;
  stop(): Promise<void>;
}

const statuses: Readonly<Record<UpdateRefusalCode, number>> = {
  malformed: 400,
  unknown_origin: 404,
  not_signed: 403,
  stale: 409,
  fork: 409,
  inconsistent: 422,
};

/** A witness over HTTP (C2SP tlog-witness) that remembers in memory, and misbehaves when it is told to. */
export function startTestWitness(options: {
  readonly name: string;
  readonly logKey: NoteKey;
  readonly timestampSeconds?: bigint;
}): TestWitness {
  const { name, logKey, timestampSeconds = 1_767_225_600n } = options;
  const seedOf = (text: string): Uint8Array => new Bun.CryptoHasher('sha256').update(text).digest();
  const signer = createCosigner({ name, seed: seedOf(name) });
  const stranger = createCosigner({ name: 'stranger.example', seed: seedOf('stranger') });
  const witnessed = new Map<string, WitnessedTree>();
  const asked: bigint[] = [];
  const faults: WitnessFault[] = [];

  async function answer(request: Request): Promise<Response> {
    const body = await request.text();
    asked.push(parseAddCheckpoint(body)?.oldSize ?? -1n);
    const fault = faults.shift();
    if (fault === 'silence') return Promise.withResolvers<Response>().promise;
    const early = earlyAnswer(fault);
    if (early !== null) return early;
    const judgement = judgeCheckpointUpdate({
      body,
      knownLog: (origin) => (origin === logKey.name ? { keys: [logKey], witnessed: witnessed.get(origin) } : undefined),
    });
    if (fault?.startsWith('claims_')) return conflict(claimedSize(fault, body));
    if (!judgement.ok) {
      const isConflict = statuses[judgement.code] === 409;
      return isConflict ? conflict(judgement.witnessedSize) : new Response('', { status: statuses[judgement.code] });
    }
    const { checkpoint, text } = judgement;
    witnessed.set(checkpoint.origin, checkpoint);
    if (fault === 'lost_answer') return new Response('', { status: 502 });
    const own = cosignCheckpoint({ text, signer, timestampSeconds });
    const strange = cosignCheckpoint({ text, signer: stranger, timestampSeconds });
    if (fault === 'wrong_key') return lines([{ ...strange, name: own.name, keyId: own.keyId }]);
    if (fault === 'other_name') return lines([strange]);
    if (fault === 'strangers_too') return lines([strange, own, strange]);
    if (fault === 'other_tree') {
      const other = formatCheckpoint({ ...checkpoint, size: checkpoint.size + 1n });
      return lines([cosignCheckpoint({ text: other, signer, timestampSeconds })]);
    }
    return lines([own]);
  }

  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, idleTimeout: 60, fetch: answer });
  return {
    party: { key: signer.key, url: server.url.href },
    witnessed,
    asked,
    failNext: (...next) => void faults.splice(0, faults.length, ...next),
    stop: () => server.stop(true),
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

function lines(signatures: readonly Parameters<typeof formatSignatureLine>[0][]): Response {
  return new Response(signatures.map(formatSignatureLine).join(''));
}

function conflict(size: bigint): Response {
  return new Response(`${size}\n`, { status: 409, headers: { 'content-type': 'text/x.tlog.size' } });
}

function claimedSize(fault: WitnessFault, body: string): bigint {
  const request = parseAddCheckpoint(body);
  const size = BigInt(parseNote(request?.checkpoint ?? '')?.text.split('\n')[1] ?? 0);
  if (fault === 'claims_3' || fault === 'claims_17') return BigInt(fault.slice('claims_'.length));
  if (fault === 'claims_more') return size + 1_000n;
  return fault === 'claims_same' ? (request?.oldSize ?? 0n) : size - 1n;
}

function earlyAnswer(fault: WitnessFault | undefined): Response | null {
  if (fault === 'error') return new Response('sorry', { status: 500 });
  if (fault === 'redirect') return Response.redirect('http://127.0.0.1:9/', 307);
  if (fault === 'no_signatures') return new Response('');
  if (fault === 'not_utf8') return new Response(new Uint8Array([0xe2, 0x80, 0x0a]));
  if (fault === 'conflict_without_size') return new Response('17\n', { status: 409 });
  if (fault === 'endless') return new Response(endless());
  return null;
}

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(16_384).fill(0x41)) });
}
