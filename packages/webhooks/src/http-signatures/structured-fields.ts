import { decodeCanonicalBase64 } from '../canonical-base64.ts';

/** A bare item (RFC 9651 section 3.3), without the decimals, dates and display strings that signatures never use. */
export type BareItem =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'token'; readonly value: string }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'bytes'; readonly value: Uint8Array };

export type Parameters = ReadonlyMap<string, BareItem>;

export interface Item {
  readonly bare: BareItem;
  readonly parameters: Parameters;
}

export interface InnerList {
  readonly items: readonly Item[];
  readonly parameters: Parameters;
}

export type Dictionary = ReadonlyMap<string, Item | InnerList>;

/** A place in a text. `take` moves on behind a match that starts right there, so its patterns are sticky. */
class Cursor {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }
}

const keyPattern = /[a-z*][a-z0-9_.*-]*/y;

/**
 * Parses a Dictionary (RFC 9651 section 4.2.2). Undefined for any text that is not one. Stricter than the RFC in one
 * way: a key that occurs twice is no dictionary, since the last one would silently win.
 */
export function parseDictionary(text: string): Dictionary | undefined {
  const cursor = new Cursor(text.trim());
  const members = new Map<string, Item | InnerList>();
  while (!cursor.isAtEnd) {
    const key = cursor.take(keyPattern)?.[0];
    if (key === undefined || members.has(key)) return undefined;
    const member = cursor.take(/=/y) === undefined ? takeFlag(cursor) : takeMember(cursor);
    if (member === undefined) return undefined;
    members.set(key, member);
    if (cursor.isAtEnd) return members;
    if (cursor.take(/[ \t]*,[ \t]*/y) === undefined || cursor.isAtEnd) return undefined;
  }
  return members;
}

/** A key without a value means true. */
function takeFlag(cursor: Cursor): Item | undefined {
  const parameters = takeParameters(cursor);
  return parameters === undefined ? undefined : { bare: { kind: 'boolean', value: true }, parameters };
}

function takeMember(cursor: Cursor): Item | InnerList | undefined {
  return cursor.take(/\(/y) === undefined ? takeItem(cursor) : takeInnerList(cursor);
}

function takeInnerList(cursor: Cursor): InnerList | undefined {
  const items: Item[] = [];
  cursor.take(/ */y);
  while (cursor.take(/\)/y) === undefined) {
    const item = takeItem(cursor);
    if (item === undefined) return undefined;
    items.push(item);
    // Between two items stands a blank; before the end it may.
    if (cursor.take(/ +|(?=\))/y) === undefined) return undefined;
  }
  const parameters = takeParameters(cursor);
  return parameters === undefined ? undefined : { items, parameters };
}

function takeItem(cursor: Cursor): Item | undefined {
  const bare = takeBareItem(cursor);
  if (bare === undefined) return undefined;
  const parameters = takeParameters(cursor);
  return parameters === undefined ? undefined : { bare, parameters };
}

function takeParameters(cursor: Cursor): Parameters | undefined {
  const parameters = new Map<string, BareItem>();
  while (cursor.take(/; */y) !== undefined) {
    const key = cursor.take(keyPattern)?.[0];
    if (key === undefined || parameters.has(key)) return undefined;
    const value: BareItem | undefined =
      cursor.take(/=/y) === undefined ? { kind: 'boolean', value: true } : takeBareItem(cursor);
    if (value === undefined) return undefined;
    parameters.set(key, value);
  }
  return parameters;
}

function takeBareItem(cursor: Cursor): BareItem | undefined {
  const text = cursor.take(/"((?:[ !#-[\]-~]|\\["\\])*)"/y);
  if (text !== undefined) return { kind: 'string', value: (text[1] ?? '').replace(/\\(["\\])/g, '$1') };
  const digits = cursor.take(/-?[0-9]{1,15}(?![0-9.])/y);
  // The addition turns minus zero into zero.
  if (digits !== undefined) return { kind: 'integer', value: Number(digits[0]) + 0 };
  const token = cursor.take(/[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*/y);
  if (token !== undefined) return { kind: 'token', value: token[0] };
  const flag = cursor.take(/\?([01])/y);
  if (flag !== undefined) return { kind: 'boolean', value: flag[1] === '1' };
  const encoded = cursor.take(/:([A-Za-z0-9+/]*={0,2}):/y)?.[1];
  const bytes = encoded === undefined ? undefined : decodeCanonicalBase64(encoded);
  return bytes === undefined ? undefined : { kind: 'bytes', value: bytes };
}

/** The one canonical text of an inner list (RFC 9651 section 4.1.1.1). */
export function serializeInnerList({ items, parameters }: InnerList): string {
  const inner = items.map((item) => serializeBareItem(item.bare) + serializeParameters(item.parameters));
  return `(${inner.join(' ')})${serializeParameters(parameters)}`;
}

function serializeParameters(parameters: Parameters): string {
  return [...parameters]
    .map(([key, bare]) => (bare.kind === 'boolean' && bare.value ? `;${key}` : `;${key}=${serializeBareItem(bare)}`))
    .join('');
}

function serializeBareItem(bare: BareItem): string {
  if (bare.kind === 'string') return `"${bare.value.replace(/["\\]/g, '\\$&')}"`;
  if (bare.kind === 'bytes') return `:${Buffer.from(bare.value).toString('base64')}:`;
  if (bare.kind === 'boolean') return bare.value ? '?1' : '?0';
  return String(bare.value);
}
