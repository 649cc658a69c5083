/**
 * Why a signed request is refused: a closed list in order of precedence. A request with several defects is refused
 * with the one that stands first.
 */
export const httpSignatureRefusalCodes = [
  'header_missing',
  'header_duplicate',
  'header_too_large',
  'header_malformed',
  'signature_not_found',
  'signature_ambiguous',
  'parameter_missing',
  'parameter_malformed',
  'tag_mismatch',
  'component_unsupported',
  'component_uncovered',
  'created_too_old',
  'created_too_new',
  'expired',
  'key_unknown',
  'algorithm_mismatch',
  'signature_malformed',
  'component_unreadable',
  'signature_mismatch',
  'content_digest_malformed',
  'content_digest_unsupported',
  'content_digest_mismatch',
] as const;

export type HttpSignatureRefusalCode = (typeof httpSignatureRefusalCodes)[number];

/** `publicMessage` may go into the answer: it never repeats text of the request or of a key. */
export interface HttpSignatureRefusal {
  readonly ok: false;
  readonly code: HttpSignatureRefusalCode;
  readonly publicMessage: string;
}

/** A refusal as a value. */
export function refuseHttpSignature(code: HttpSignatureRefusalCode, publicMessage: string): HttpSignatureRefusal {
  return { ok: false, code, publicMessage };
}
