import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import type { Sealer } from './sealer.ts';
import { sessionLimits } from './session-limits.ts';

const millisecondsShape = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const transactionShape = v.strictObject({
  state: v.string(),
  nonce: v.string(),
  codeVerifier: v.string(),
  returnTo: v.string(),
  maxAgeSeconds: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  startedAt: millisecondsShape,
});

/** A login that is under way. Times in milliseconds since the epoch. */
export type LoginTransaction = v.InferOutput<typeof transactionShape>;

const seenShape = v.strictObject({
  identityHash: v.string(),
  /** Of 32 random bytes, base64url: from which the CSRF token follows until there is a session. */
  secret: v.string(),
  authenticatedAt: millisecondsShape,
  seenAt: millisecondsShape,
  /** The session that it goes with; null until an environment was picked. */
  sessionId: v.nullable(idShape('session')),
});

/** Who logged in with this browser, and when it was last seen. Times in milliseconds since the epoch. */
export type Seen = v.InferOutput<typeof seenShape>;

const transactionKind = 'karmanflow.login-transaction';
const seenKind = 'karmanflow.seen';

export function sealTransaction(sealer: Sealer, transaction: LoginTransaction): Promise<string> {
  return sealer.seal(transactionKind, transaction);
}

/** The login that a cookie holds, unless it began too long ago. */
export async function openTransaction(sealer: Sealer, text: string, now: number): Promise<LoginTransaction | null> {
  const transaction = await sealer.open(transactionKind, text, transactionShape);
  if (transaction === null || now > transaction.startedAt + sessionLimits.transactionSeconds * 1000) return null;
  return transaction;
}

export function sealSeen(sealer: Sealer, seen: Seen): Promise<string> {
  return sealer.seal(seenKind, seen);
}

/** What a cookie says of its browser, unless that was idle for too long or logged in too long ago. */
export async function openSeen(sealer: Sealer, text: string, now: number): Promise<Seen | null> {
  const seen = await sealer.open(seenKind, text, seenShape);
  return seen === null || now >= endOfSeen(seen) ? null : seen;
}

/** The instant from which it counts no more, in milliseconds since the epoch. */
export function endOfSeen(seen: Seen): number {
  const idle = seen.sessionId === null ? sessionLimits.pickSeconds : sessionLimits.idleSeconds;
  return Math.min(seen.seenAt + idle * 1000, endOfLogin(seen));
}

/** The absolute end of every session of this login, in milliseconds since the epoch. */
export function endOfLogin(seen: Pick<Seen, 'authenticatedAt'>): number {
  return seen.authenticatedAt + sessionLimits.sessionSeconds * 1000;
}
