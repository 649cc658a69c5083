/** How fast tokens come back, and how many there are at most. */
export interface BucketSize {
  readonly tokensPerSecond: number;
  readonly tokensMax: number;
}

/** Tokens as of a time. A bucket that nobody has used yet is full. */
export interface Bucket {
  readonly tokens: number;
  readonly atMilliseconds: number;
}

export type Taken =
  | { readonly ok: true; readonly bucket: Bucket }
  /** `waitSeconds`: until there is a token again, unless others take it; whole, at least 1. */
  | { readonly ok: false; readonly bucket: Bucket; readonly waitSeconds: number };

/** Takes one token. Pure: the time is an argument, and one that goes back brings nothing. */
export function takeToken(
  { tokensPerSecond, tokensMax }: BucketSize,
  { bucket, nowMilliseconds }: { readonly bucket: Bucket | undefined; readonly nowMilliseconds: number },
): Taken {
  const before = bucket ?? { tokens: tokensMax, atMilliseconds: nowMilliseconds };
  const atMilliseconds = Math.max(before.atMilliseconds, nowMilliseconds);
  const gained = ((atMilliseconds - before.atMilliseconds) / 1000) * tokensPerSecond;
  const tokens = Math.min(tokensMax, before.tokens + gained);
  if (tokens >= 1) return { ok: true, bucket: { tokens: tokens - 1, atMilliseconds } };
  const waitSeconds = Math.max(1, Math.ceil((1 - tokens) / tokensPerSecond));
  return { ok: false, bucket: { tokens, atMilliseconds }, waitSeconds };
}
