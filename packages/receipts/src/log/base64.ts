/** Standard base64 with padding (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  let characters = '';
  for (const byte of bytes) characters += String.fromCharCode(byte);
  return btoa(characters);
}

/** The bytes of standard base64, or undefined. One byte string has one text: padding and spare bits must be right. */
export function decodeBase64(text: string): Uint8Array | undefined {
  let characters: string;
  try {
    characters = atob(text);
  } catch {
    return undefined;
  }
  // atob also takes white space, missing padding and stray bits, which would give one signature many texts.
  if (btoa(characters) !== text) return undefined;
  return Uint8Array.from(characters, (character) => character.charCodeAt(0));
}
