import { runtimeLimits } from '../runtime-limits.ts';

/** W3C Trace Context section 3.3.1: a key, optionally of the form tenant@system, and a printable value. */
const memberPattern =
  /^(?:[a-z0-9][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const inputCharactersMax = 8_192;
const longMemberCharacters = 128;

/**
 * Reads a `tracestate` header and answers what to hand on, or null when it is malformed or empty. It is the state of other
 * vendors, so members are never changed; a list that is too long loses its longest members first, then its last ones.
 */
export function parseTracestate(header: string): string | null {
  if (header.length > inputCharactersMax) return null;
  const members = header
    .split(',')
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((member) => member !== '');
  if (members.length === 0 || members.length > runtimeLimits.tracestateMembers) return null;
  if (!members.every((member) => memberPattern.test(member))) return null;
  const keys = new Set(members.map((member) => member.slice(0, member.indexOf('='))));
  if (keys.size !== members.length) return null;
  return shorten(members);
}

function shorten(members: readonly string[]): string | null {
  if (fits(members)) return members.join(',');
  const kept = members.filter((member) => member.length <= longMemberCharacters);
  while (!fits(kept)) kept.pop();
  return kept.length === 0 ? null : kept.join(',');
}

function fits(members: readonly string[]): boolean {
  return members.join(',').length <= runtimeLimits.tracestateCharacters;
}
