import type { AnyCommand } from '@karmanflow/commands';
import { idempotencyKeyShape, limits, reasonShape } from '@karmanflow/schema';
import * as v from 'valibot';

/** The headers of a command, besides those that say who the request is. */
export const commandHeaders = {
  idempotencyKey: 'idempotency-key',
  expectedVersion: 'x-karmanflow-expected-version',
  reason: 'x-karmanflow-reason',
  deadlineMilliseconds: 'x-karmanflow-deadline-milliseconds',
} as const;

export interface CommandHeaders {
  readonly idempotencyKey: string;
  readonly expectedVersion: number | null;
  readonly reason: string | null;
  readonly deadlineMilliseconds: number;
}

export type CommandHeadersResult =
  | { readonly ok: true; readonly headers: CommandHeaders }
  | { readonly ok: false; readonly code: 'header_invalid' | 'idempotency_key_missing'; readonly detail: string };

/** Reads the headers of a command. A refusal names the header and never repeats its value. */
export function readCommandHeaders(headers: Headers, definition: AnyCommand): CommandHeadersResult {
  const key = headers.get(commandHeaders.idempotencyKey);
  if (key === null || key === '') {
    return { ok: false, code: 'idempotency_key_missing', detail: `send the header ${commandHeaders.idempotencyKey}` };
  }
  const idempotencyKey = readIdempotencyKey(key);
  if (idempotencyKey === null) {
    return invalid('idempotencyKey', `must be 1 to ${limits.idempotencyKeyLength} visible ASCII characters`);
  }
  const version = headers.get(commandHeaders.expectedVersion);
  const expectedVersion = version === null ? null : readCount(version, Number.MAX_SAFE_INTEGER);
  if (expectedVersion === undefined) return invalid('expectedVersion', 'must be a whole number from 1');
  if (expectedVersion !== null && definition.versioned === undefined) {
    // A precondition that nobody checks would be worse than none.
    return invalid('expectedVersion', `means nothing to ${definition.type}: leave it out`);
  }
  const reasonText = headers.get(commandHeaders.reason);
  const reason = reasonText === null ? null : readReason(reasonText);
  if (reason === undefined) return invalid('reason', `must be 1 to ${limits.reasonLength} characters of UTF-8 text`);
  const deadline = headers.get(commandHeaders.deadlineMilliseconds);
  const deadlineMilliseconds =
    deadline === null ? limits.commandDeadlineMilliseconds : readCount(deadline, limits.commandDeadlineMilliseconds);
  if (deadlineMilliseconds === undefined) {
    return invalid('deadlineMilliseconds', `must be a whole number from 1 to ${limits.commandDeadlineMilliseconds}`);
  }
  return { ok: true, headers: { idempotencyKey, expectedVersion, reason, deadlineMilliseconds } };
}

function invalid(name: keyof typeof commandHeaders, rule: string): CommandHeadersResult {
  return { ok: false, code: 'header_invalid', detail: `${commandHeaders[name]} ${rule}` };
}

/** RFC 8941 section 3.3.3: printable ASCII between quotes, in which a quote and a backslash are escaped. */
const quotedString = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;

/** The key, bare or as an RFC 8941 string: both forms of one key are the same key. */
function readIdempotencyKey(text: string): string | null {
  const quoted = text.startsWith('"') ? quotedString.exec(text)?.[1] : undefined;
  if (text.startsWith('"') && quoted === undefined) return null;
  const key = quoted === undefined ? text : quoted.replace(/\\(.)/g, '$1');
  return v.is(idempotencyKeyShape, key) ? key : null;
}

function readCount(text: string, max: number): number | undefined {
  if (!/^[1-9][0-9]{0,15}$/.test(text)) return undefined;
  const count = Number(text);
  return count <= max ? count : undefined;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Header bytes arrive as the characters of the same numbers (Fetch section 2.2.2), and stand for UTF-8 here. */
function readReason(text: string): string | undefined {
  try {
    const reason = utf8.decode(Buffer.from(text, 'latin1'));
    return v.is(reasonShape, reason) ? reason : undefined;
  } catch {
    return undefined;
  }
}
