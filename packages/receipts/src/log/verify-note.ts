import { ed25519Verify } from './ed25519-native.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { cosignedMessage, parseTimestampedSignature } from './cosignature.ts';
import { parseNote, type NoteSignature } from './note.ts';
import { ed25519Type, type NoteKey } from './note-key.ts';
import { encodeText } from './note-text.ts';

/** Why a note is refused, in order of precedence. */
export const noteRefusalCodes = ['malformed_note', 'ambiguous_key', 'signature_invalid', 'no_known_signature'] as const;

export type NoteRefusalCode = (typeof noteRefusalCodes)[number];

/** A signature that a known key made. `timestampSeconds` is the time that a cosignature states, null for other types. */
export interface VerifiedSignature {
  readonly key: NoteKey;
  readonly timestampSeconds: bigint | null;
}

export type NoteVerification =
  | {
      readonly ok: true;
      readonly text: string;
      /** One for each known key that signed, in the order of the note. */
      readonly verified: readonly VerifiedSignature[];
      /** How many signatures no known key claims to have made. They were ignored. */
      readonly ignored: number;
    }
  | { readonly ok: false; readonly code: NoteRefusalCode; readonly detail: string };

/**
 * Verifies a signed note with the keys that the caller knows (C2SP signed-note, Signatures). Signatures of other keys are
 * ignored, also when they share the name or the id, not both, with a known one. A signature under a known name and id
 * that does not verify refuses the whole note, and so does a note that no known key signed. Never throws.
 */
export function verifyNote(input: {
  readonly note: string | Uint8Array;
  readonly keys: readonly NoteKey[];
}): NoteVerification {
  const note = parseNote(input.note);
  if (note === undefined) return refuse('malformed_note', 'not a signed note');
  const verified = new Map<NoteKey, VerifiedSignature>();
  let ignored = 0;
  const refusals: NoteVerification[] = [];
  for (const signature of note.signatures) {
    const [key, ...others] = input.keys.filter(
      ({ name, keyId }) => name === signature.name && keyId === signature.keyId,
    );
    if (key === undefined) {
      ignored += 1;
      continue;
    }
    if (others.length > 0) return refuse('ambiguous_key', `two known keys are ${nameOf(key)}`);
    const result = verifySignature({ text: note.text, key, signature });
    if (result === undefined)
      refusals.push(refuse('signature_invalid', `a signature of ${nameOf(key)} does not verify`));
    else if (!verified.has(key)) verified.set(key, result);
  }
  const [refusal] = refusals;
  if (refusal !== undefined) return refusal;
  if (verified.size === 0) return refuse('no_known_signature', 'no known key signed the note');
  return { ok: true, text: note.text, verified: [...verified.values()], ignored };
}

function verifySignature(input: {
  readonly text: string;
  readonly key: NoteKey;
  readonly signature: NoteSignature;
}): VerifiedSignature | undefined {
  const { text, key } = input;
  const { publicKey } = key;
  if (key.type === ed25519Type) {
    const { signature } = input.signature;
    return ed25519Verify({ bytes: encodeText(text), publicKey, signature })
      ? { key, timestampSeconds: null }
      : undefined;
  }
  const timestamped = parseTimestampedSignature(input.signature.signature);
  // A cosignature speaks of a checkpoint; over any other text it says nothing.
  if (timestamped === undefined || parseCheckpoint(text) === undefined) return undefined;
  const { timestampSeconds, signature } = timestamped;
  const bytes = cosignedMessage({ text, timestampSeconds });
  return ed25519Verify({ bytes, publicKey, signature }) ? { key, timestampSeconds } : undefined;
}

function nameOf({ name, keyId }: NoteKey): string {
  return `${name}+${keyId.toString(16).padStart(8, '0')}`;
}

function refuse(code: NoteRefusalCode, detail: string): NoteVerification {
  return { ok: false, code, detail };
}
