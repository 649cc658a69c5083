/** A preference is a token with or without a value, and parameters that none of ours has (RFC 7240 section 2). */
const preferencePattern =
  /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~0-9A-Za-z-]+)))?\s*(?:;|$)/;
const preferenceCharactersMax = 1_000;

/**
 * Whether the answer should wait for its proof: `Prefer: wait=proof`. Of a preference that is sent twice the first counts;
 * what is not understood is passed over, as RFC 7240 section 2 asks.
 */
export function prefersProof(headers: Headers): boolean {
  const text = headers.get('prefer') ?? '';
  if (text.length > preferenceCharactersMax) return false;
  for (const preference of text.match(/(?:"(?:[^"\\]|\\.)*"|[^",])+/g) ?? []) {
    const [, name = '', quoted, token] = preferencePattern.exec(preference) ?? [];
    if (name.toLowerCase() === 'wait') return (quoted ?? token) === 'proof';
  }
  return false;
}
