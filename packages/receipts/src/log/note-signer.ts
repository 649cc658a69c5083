import { createEd25519Signer } from './ed25519-native.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { cosignedMessage, timestampedSignature } from './cosignature.ts';
import { formatNote, type NoteSignature } from './note.ts';
import { cosignatureType, ed25519Type, noteKey, type NoteKey, type NoteKeyType } from './note-key.ts';
import { encodeText } from './note-text.ts';

/** Signs notes with one key. The private key is no field of it. */
export interface NoteSigner<Type extends NoteKeyType = NoteKeyType> {
  readonly key: NoteKey & { readonly type: Type };
  /** Pure Ed25519 over bytes: 64 bytes. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

/** A signer of notes (type 0x01) from a 32-byte RFC 8032 seed. Throws TypeError for a malformed name or seed. */
export function createNoteSigner(input: {
  readonly name: string;
  readonly seed: Uint8Array;
}): NoteSigner<typeof ed25519Type> {
  return createSigner({ ...input, type: ed25519Type });
}

/**
 * A cosigner of checkpoints (type 0x04) from a 32-byte RFC 8032 seed. Throws TypeError for a malformed name or seed.
 * What is signed does not name the cosigner, so each one needs a key of its own (C2SP tlog-cosignature).
 */
export function createCosigner(input: {
  readonly name: string;
  readonly seed: Uint8Array;
}): NoteSigner<typeof cosignatureType> {
  return createSigner({ ...input, type: cosignatureType });
}

/**
 * The note over `text` with a signature of each signer (C2SP signed-note, Ed25519 signatures), after those that it has
 * already. Throws TypeError for a text that no note can have.
 */
export function signNote(input: {
  readonly text: string;
  readonly signers: readonly NoteSigner<typeof ed25519Type>[];
  readonly signatures?: readonly NoteSignature[];
}): string {
  const { text, signers, signatures = [] } = input;
  const bytes = encodeText(text);
  const added = signers.map(({ key, sign }) => ({ name: key.name, keyId: key.keyId, signature: sign(bytes) }));
  return formatNote({ text, signatures: [...signatures, ...added] });
}

/**
 * A cosignature over a checkpoint's text: that it was, at that time, the largest consistent tree seen of this log
 * (C2SP tlog-cosignature). To be made only after consistency has been verified and the new state stored.
 * `timestampSeconds` counts from 1970. Throws TypeError for a text that is no checkpoint, RangeError for such a time.
 */
export function cosignCheckpoint(input: {
  readonly text: string;
  readonly signer: NoteSigner<typeof cosignatureType>;
  readonly timestampSeconds: bigint;
}): NoteSignature {
  const { text, signer, timestampSeconds } = input;
  if (parseCheckpoint(text) === undefined) throw new TypeError('only checkpoints are cosigned');
  const signature = signer.sign(cosignedMessage({ text, timestampSeconds }));
  const { name, keyId } = signer.key;
  return { name, keyId, signature: timestampedSignature({ timestampSeconds, signature }) };
}

function createSigner<Type extends NoteKeyType>(input: {
  readonly name: string;
  readonly seed: Uint8Array;
  readonly type: Type;
}): NoteSigner<Type> {
  const { publicKey, sign } = createEd25519Signer(input.seed);
  return { key: { ...noteKey({ ...input, publicKey }), type: input.type }, sign };
}
