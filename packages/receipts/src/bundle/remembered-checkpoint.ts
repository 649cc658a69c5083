import { isJsonObject } from '../inert-json.ts';
import type { JsonValue } from '../json-value.ts';
import { type KeySetDocument, parseKeySet } from '../key-set.ts';
import { type Checkpoint, parseCheckpoint } from '../log/checkpoint.ts';
import { parseNote } from '../log/note.ts';
import { parseVerifierKey } from '../log/note-key.ts';

/** Names the form of what a verifier keeps from one verification to the next. */
export const rememberedFormat = 'karmanflow.remembered_checkpoint/1';

/**
 * What a verifier keeps: the newest checkpoint that it verified, and the keys under which it did. With it, each later
 * verification also shows that nothing of before was taken back or rewritten, and that nobody exchanged the keys.
 */
export interface RememberedCheckpoint {
  /** The signed checkpoint, verbatim. */
  readonly note: string;
  readonly checkpoint: Checkpoint;
  readonly logKeys: readonly string[];
  readonly receiptKeys: KeySetDocument;
}

/** The text to keep, JSON. */
export function formatRememberedCheckpoint(remembered: Omit<RememberedCheckpoint, 'checkpoint'>): string {
  const { note, logKeys, receiptKeys } = remembered;
  return `${JSON.stringify({ format: rememberedFormat, note, logKeys, receiptKeys }, null, 2)}\n`;
}

/** Reads that text. Undefined when it is malformed. It is the verifier's own, so nothing in it is verified again. */
export function parseRememberedCheckpoint(text: string): RememberedCheckpoint | undefined {
  let json: JsonValue;
  try {
    // JSON.parse returns JSON values only; its declared type predates `unknown`.
    json = JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
  if (!isJsonObject(json) || json['format'] !== rememberedFormat) return undefined;
  const { note, logKeys, receiptKeys } = json;
  const checkpoint = typeof note === 'string' ? parseCheckpoint(parseNote(note)?.text ?? '') : undefined;
  if (typeof note !== 'string' || checkpoint === undefined || !parseKeySet(receiptKeys).ok) return undefined;
  if (!Array.isArray(logKeys) || logKeys.length === 0 || !logKeys.every(isVerifierKey)) return undefined;
  // The key set was read just now by the one function that knows its shape.
  return { note, checkpoint, logKeys, receiptKeys: receiptKeys as unknown as KeySetDocument };
}

function isVerifierKey(value: JsonValue): value is string {
  return typeof value === 'string' && parseVerifierKey(value) !== undefined;
}
