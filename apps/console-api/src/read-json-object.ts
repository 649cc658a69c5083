import { limits } from '@karmanflow/schema';

export type JsonBodyResult =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly code: 'json_malformed' | 'input_invalid'; readonly detail: string };

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a body as one JSON object in the interoperable form of I-JSON (RFC 7493): UTF-8 without a byte order mark, each
 * name once in its object, no lone surrogates, no integers beyond 2^53 - 1. JSON.parse alone would take the last of two
 * equal names where a proxy before us may have looked at the first. Nothing of the body is repeated in `detail`.
 */
export function readJsonObject(bytes: Uint8Array): JsonBodyResult {
  if (bytes.length === 0) return refuse('json_malformed', 'the body is empty');
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return refuse('json_malformed', 'the body is not UTF-8');
  }
  const { depth, members } = measure(text);
  if (depth > limits.jsonDepth) return refuse('json_malformed', `nested deeper than ${limits.jsonDepth} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('json_malformed', 'the body is not JSON');
  }
  const walk: Walk = { members: 0, fault: null };
  visit(value, walk);
  if (walk.fault !== null) return refuse('input_invalid', walk.fault);
  if (walk.members !== members) return refuse('json_malformed', 'a name occurs twice in one object');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('input_invalid', 'the body must be one JSON object');
  }
  // An object that JSON.parse made has text as names.
  return { ok: true, value: value as Record<string, unknown> };
}

function refuse(code: 'json_malformed' | 'input_invalid', detail: string): JsonBodyResult {
  return { ok: false, code, detail };
}

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** How deep the text nests and how many members its objects have, from its punctuation outside of strings. */
function measure(text: string): { readonly depth: number; readonly members: number } {
  let depth = 0;
  let level = 0;
  let members = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at);
        break;
      case colon:
        members += 1;
        break;
      case openBrace:
      case openBracket:
        level += 1;
        if (level > depth) depth = level;
        break;
      case closeBrace:
      case closeBracket:
        level -= 1;
        break;
    }
  }
  return { depth, members };
}

/** The position of the quote that ends the string which begins at `start`, or of the end of the text. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) return at;
    if (code === backslash) at += 1;
  }
  return text.length;
}

interface Walk {
  members: number;
  fault: string | null;
}

/** Counts members and notes the first fault. Its recursion is bounded, because the depth was checked before. */
function visit(value: unknown, walk: Walk): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) walk.fault ??= 'text must not contain lone surrogates';
    return;
  }
  if (typeof value === 'number') {
    if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) walk.fault ??= 'a number is beyond 2^53 - 1';
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) visit(item, walk);
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    walk.members += 1;
    // It would be an ordinary field here, and the prototype of whatever copies the object elsewhere.
    if (name === '__proto__') walk.fault ??= 'a field must not be named __proto__';
    if (!name.isWellFormed()) walk.fault ??= 'text must not contain lone surrogates';
    visit(member, walk);
  }
}
