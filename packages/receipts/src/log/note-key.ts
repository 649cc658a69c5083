import { sha256 } from './sha256-native.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { keyNameBytesMax } from './log-limits.ts';
import { encodeText } from './note-text.ts';

/** Signature types of C2SP signed-note that are known here: Ed25519 over the text, and a timestamped cosignature. */
export const ed25519Type = 0x01;
export const cosignatureType = 0x04;

export type NoteKeyType = typeof ed25519Type | typeof cosignatureType;

/** The public half of a key that signs notes. Name and id together say which key made a signature. */
export interface NoteKey {
  readonly name: string;
  /** The first four bytes of SHA-256(name || 0x0A || type || public key), big-endian. */
  readonly keyId: number;
  readonly type: NoteKeyType;
  /** 32 bytes, Ed25519. */
  readonly publicKey: Uint8Array;
}

const publicKeyBytes = 32;
// White space is Unicode's own list, which is not that of \s. Control characters would not fit into any note.
const nameFaultPattern = /[\p{White_Space}\p{Cc}+]/u;
const verifierKeyPattern = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/;

/** True for a key name: not empty, no Unicode space, no plus (C2SP signed-note, Format), and at most 255 bytes. */
export function isKeyName(name: string): boolean {
  if (name === '' || !name.isWellFormed() || nameFaultPattern.test(name)) return false;
  return encodeText(name).length <= keyNameBytesMax;
}

/** The key with its id (C2SP signed-note, Signatures). Throws TypeError for a malformed name or public key: a bug. */
export function noteKey(input: {
  readonly name: string;
  readonly type: NoteKeyType;
  readonly publicKey: Uint8Array;
}): NoteKey {
  const { name, type, publicKey } = input;
  if (!isKeyName(name)) throw new TypeError('not a key name');
  if (publicKey.length !== publicKeyBytes) throw new TypeError(`a public key has ${publicKeyBytes} bytes`);
  const identity = Uint8Array.from([...encodeText(`${name}\n`), type, ...publicKey]);
  const digest = sha256(identity);
  return { name, type, publicKey, keyId: new DataView(digest.buffer, digest.byteOffset).getUint32(0) };
}

/** The verifier key as text: `<name>+<key id in hexadecimal>+<base64 of type and public key>`. */
export function formatVerifierKey(key: NoteKey): string {
  return `${key.name}+${formatKeyId(key.keyId)}+${encodeBase64(Uint8Array.from([key.type, ...key.publicKey]))}`;
}

/**
 * The key that a verifier key stands for, or undefined when it is malformed, of a type that is not known here, or when the
 * id is not that of name, type and public key. A key has one text: the digits of the id are lower-case.
 */
export function parseVerifierKey(text: string): NoteKey | undefined {
  const [, name = '', keyId = '', material = ''] = verifierKeyPattern.exec(text) ?? [];
  const [type, ...publicKey] = decodeBase64(material) ?? [];
  if (type !== ed25519Type && type !== cosignatureType) return undefined;
  if (!isKeyName(name) || publicKey.length !== publicKeyBytes) return undefined;
  const key = noteKey({ name, type, publicKey: Uint8Array.from(publicKey) });
  return formatKeyId(key.keyId) === keyId ? key : undefined;
}

function formatKeyId(keyId: number): string {
  return keyId.toString(16).padStart(8, '0');
}
