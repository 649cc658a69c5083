import {
  cosignCheckpoint,
  createCosigner,
  formatSignatureLine,
  judgeCheckpointUpdate,
  type NoteKey,
  parseAddCheckpoint,
  parseCheckpoint,
  parseNote,
  type UpdateRefusalCode,
} from '@karmanflow/receipts';
import { type Logger, readBoundedBody } from '@karmanflow/runtime';
import { witnessLimits } from './witness-limits.ts';
import type { WitnessMemory } from './witness-memory.ts';

export interface WitnessOptions {
  /** The name of its key: by convention an address without a scheme. */
  readonly name: string;
  readonly seed: Uint8Array;
  /** The keys of the logs that it cosigns; the name of each is the origin of its log. */
  readonly logKeys: readonly NoteKey[];
  readonly memory: WitnessMemory;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly logger: Logger;
}

export interface Witness {
  readonly key: NoteKey;
  answer(request: Request): Promise<Response>;
}

/** The statuses of C2SP tlog-witness, add-checkpoint. */
const statuses: Readonly<Record<UpdateRefusalCode, number>> = {
  malformed: 400,
  unknown_origin: 404,
  not_signed: 403,
  stale: 409,
  fork: 409,
  inconsistent: 422,
};

/**
 * A witness (C2SP tlog-witness): cosigns a checkpoint of a log that it knows when that extends what it cosigned last, which it
 * has on disk before it answers. About one log it decides one request at a time.
 */
export function createWitness(options: WitnessOptions): Witness {
  const { logKeys, memory, logger } = options;
  const signer = createCosigner(options);
  const origins = new Set(logKeys.map(({ name }) => name));
  if (origins.size > witnessLimits.logs) throw new RangeError(`at most ${witnessLimits.logs} logs`);
  const queues = new Map<string, { last: Promise<unknown>; waiting: number }>();

  /** Each waits for the one before it, so that nothing is recorded between what is read and what is decided from it. */
  async function inTurn(origin: string, work: () => Promise<Response>): Promise<Response> {
    const queue = queues.get(origin) ?? { last: Promise.resolve(), waiting: 0 };
    queues.set(origin, queue);
    if (queue.waiting >= witnessLimits.waitingPerLog) return new Response(null, { status: 503 });
    queue.waiting += 1;
    const turn = queue.last.then(work).finally(() => (queue.waiting -= 1));
    queue.last = turn.catch(() => undefined);
    return turn;
  }

  async function decide(origin: string, body: Uint8Array): Promise<Response> {
    const witnessed = await memory.read(origin);
    const keys = logKeys.filter(({ name }) => name === origin);
    const judgement = judgeCheckpointUpdate({ body, knownLog: () => ({ keys, witnessed }) });
    if (!judgement.ok) {
      const { code, witnessedSize } = judgement;
      const isFork = code === 'fork' || code === 'inconsistent';
      logger[isFork ? 'error' : 'info'](
        { origin, code, witnessedSize: String(witnessedSize) },
        'a checkpoint is not cosigned',
      );
      return statuses[code] === 409 ? conflict(witnessedSize) : new Response(null, { status: statuses[code] });
    }
    const { checkpoint, text } = judgement;
    await memory.remember(checkpoint);
    // The clock is read after the disk: it states when this was the largest tree that was seen.
    const timestampSeconds = BigInt(Math.floor(options.now() / 1000));
    logger.info({ origin, size: String(checkpoint.size) }, 'a checkpoint is cosigned');
    return new Response(formatSignatureLine(cosignCheckpoint({ text, signer, timestampSeconds })), {
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    });
  }

  return {
    key: signer.key,
    async answer(request) {
      if (new URL(request.url).pathname !== '/add-checkpoint') return new Response(null, { status: 404 });
      if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST' } });
      const read = await readBoundedBody(request, witnessLimits.requestBytes);
      if (!read.ok) return new Response(null, { status: read.code === 'body_too_large' ? 413 : 400 });
      const { body } = read;
      const submitted = parseAddCheckpoint(body)?.checkpoint;
      const origin = parseCheckpoint(parseNote(submitted ?? '')?.text ?? '')?.origin;
      if (origin === undefined) return new Response(null, { status: 400 });
      if (!origins.has(origin)) return new Response(null, { status: 404 });
      return inTurn(origin, () => decide(origin, body));
    },
  };
}

function conflict(size: bigint): Response {
  return new Response(`${size}\n`, { status: 409, headers: { 'content-type': 'text/x.tlog.size' } });
}
