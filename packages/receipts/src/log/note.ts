import { decodeBase64, encodeBase64 } from './base64.ts';
import { noteSignaturesMax } from './log-limits.ts';
import { isKeyName } from './note-key.ts';
import { readText } from './note-text.ts';

/** One signature line of a note: who claims to have signed, and the bytes after the key id. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  readonly signature: Uint8Array;
}

/** A note as it is written, unverified. `text` ends in a newline. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const keyIdBytes = 4;
const linePattern = /^\u2014 ([^ ]+) ([^ ]+)$/;

/**
 * Reads a signed note (C2SP signed-note, Format) without verifying anything: nobody may act on it yet. Undefined when it is
 * malformed, is longer than `noteBytesMax`, or has no signature or more than `noteSignaturesMax`. Never throws.
 */
export function parseNote(source: string | Uint8Array): Note | undefined {
  const note = readText({ source });
  if (note === undefined) return undefined;
  const split = note.lastIndexOf('\n\n');
  if (split < 0) return undefined;
  const signatures = parseSignatureLines(note.slice(split + 2));
  return signatures && { text: note.slice(0, split + 1), signatures };
}

/** Reads one or more signature lines: the end of a note, or the answer of a witness. Undefined when one is malformed. */
export function parseSignatureLines(text: string): readonly NoteSignature[] | undefined {
  const lines = text.split('\n', noteSignaturesMax + 2);
  if (lines.pop() !== '' || lines.length === 0 || lines.length > noteSignaturesMax) return undefined;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignatureLine(line);
    if (signature === undefined) return undefined;
    signatures.push(signature);
  }
  return signatures;
}

function parseSignatureLine(line: string): NoteSignature | undefined {
  const [, name = '', encoded = ''] = linePattern.exec(line) ?? [];
  const bytes = decodeBase64(encoded);
  if (!isKeyName(name) || bytes === undefined || bytes.length <= keyIdBytes) return undefined;
  return { name, keyId: new DataView(bytes.buffer).getUint32(0), signature: bytes.subarray(keyIdBytes) };
}

/**
 * The note that `parseNote` reads (C2SP signed-note, Format). Throws TypeError for what it would not read: text that does
 * not end in a newline, control characters, no signature, a malformed name. These are bugs in the caller.
 */
export function formatNote(note: Note): string {
  const lines = note.signatures.map(formatSignatureLine);
  const formatted = `${note.text}\n${lines.join('')}`;
  const isText = note.text.endsWith('\n') && parseNote(formatted)?.text === note.text;
  if (!isText) throw new TypeError('not a text that can be signed as a note');
  return formatted;
}

/** One signature line, with the newline that ends it. */
export function formatSignatureLine({ name, keyId, signature }: NoteSignature): string {
  const bytes = new Uint8Array(keyIdBytes + signature.length);
  new DataView(bytes.buffer).setUint32(0, keyId);
  bytes.set(signature, keyIdBytes);
  return `\u2014 ${name} ${encodeBase64(bytes)}\n`;
}
