/** A source of random bytes, such as `crypto.getRandomValues` behind a closure. Injected, because randomness is an effect. */
export type RandomBytes = (size: number) => Uint8Array;

/** The parts of a `traceparent` header, W3C Trace Context section 3.2. */
export interface TraceParent {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits, not all zero: the span that the next one is a child of. */
  readonly spanId: string;
  readonly sampled: boolean;
  /** Level 2: the trace id has at least 56 random bits. Kept when relayed, because the trace id is relayed as well. */
  readonly randomTraceId: boolean;
}

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const traceIdPattern = /^(?!0{32})[0-9a-f]{32}$/;
const spanIdPattern = /^(?!0{16})[0-9a-f]{16}$/;
const sampledFlag = 0x01;
const randomTraceIdFlag = 0x02;

/**
 * Reads a `traceparent` header, or answers null when it must be ignored. Version 00 has exactly these four parts; a later
 * version may append more, which are not looked at (section 3.2.4); version ff is invalid.
 */
export function parseTraceparent(header: string): TraceParent | null {
  const match = pattern.exec(header);
  if (match === null) return null;
  const [, version = '', traceId = '', spanId = '', flags = '', appended] = match;
  if (version === 'ff') return null;
  if (version === '00' && appended !== undefined) return null;
  if (!traceIdPattern.test(traceId) || !spanIdPattern.test(spanId)) return null;
  const bits = Number.parseInt(flags, 16);
  return {
    traceId,
    spanId,
    sampled: (bits & sampledFlag) !== 0,
    randomTraceId: (bits & randomTraceIdFlag) !== 0,
  };
}

/** The header in version 00. Flags that the standard does not define are sent as zero. Throws on ids that are no ids. */
export function formatTraceparent(parent: TraceParent): string {
  if (!traceIdPattern.test(parent.traceId)) throw new TypeError('not a trace id');
  if (!spanIdPattern.test(parent.spanId)) throw new TypeError('not a span id');
  const flags = (parent.sampled ? sampledFlag : 0) | (parent.randomTraceId ? randomTraceIdFlag : 0);
  return `00-${parent.traceId}-${parent.spanId}-${flags.toString(16).padStart(2, '0')}`;
}

/** A new trace for work that arrived without one, sampled, so that a collector keeps it. */
export function mintTraceparent(randomBytes: RandomBytes): string {
  return formatTraceparent({
    traceId: randomHex(randomBytes, 16),
    spanId: randomHex(randomBytes, 8),
    sampled: true,
    // Level 2 is young: a receiver of level 1 may take the second flag for an error.
    randomTraceId: false,
  });
}

/** The header for the next hop: the same trace and flags, with a span id of our own. Throws unless given a traceparent. */
export function childTraceparent(traceparent: string, randomBytes: RandomBytes): string {
  const parent = parseTraceparent(traceparent);
  if (parent === null) throw new TypeError('not a traceparent');
  return formatTraceparent({ ...parent, spanId: randomHex(randomBytes, 8) });
}

function randomHex(randomBytes: RandomBytes, size: number): string {
  const bytes = randomBytes(size);
  if (bytes.length !== size) throw new TypeError(`expected ${size} random bytes, got ${bytes.length}`);
  const hex = bytes.toHex();
  // All zeros means "no id", and would be ignored by whoever receives it.
  return /^0+$/.test(hex) ? `${hex.slice(0, -1)}1` : hex;
}
