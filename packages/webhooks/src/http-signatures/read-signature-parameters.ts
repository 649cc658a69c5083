import { httpSignatureLimits } from './http-signature-limits.ts';
import { refuseHttpSignature, type HttpSignatureRefusal } from './http-signature-refusal.ts';
import type { Parameters } from './structured-fields.ts';

/** The parameters of a signature (RFC 9421 section 2.3) that this verifier acts on. All of them are signed. */
export interface SignatureParameters {
  readonly ok: true;
  readonly createdSeconds: number;
  readonly keyId: string;
  readonly expiresSeconds?: number;
  readonly nonce?: string;
  readonly algorithm?: string;
  readonly tag?: string;
}

export interface RequiredParameters {
  readonly nonceIsRequired: boolean;
  /** When given, the signature must carry this tag, so that one made for another purpose is not taken. */
  readonly tag?: string;
}

/** `created` and `keyid` are always required: without them there is no window and no key. */
export function readSignatureParameters(
  parameters: Parameters,
  required: RequiredParameters,
): SignatureParameters | HttpSignatureRefusal {
  const names = ['created', 'keyid'];
  if (required.nonceIsRequired) names.push('nonce');
  if (required.tag !== undefined) names.push('tag');
  const missing = names.find((name) => !parameters.has(name));
  if (missing !== undefined) {
    return refuseHttpSignature('parameter_missing', `The signature has no parameter ${missing}.`);
  }

  const { keyIdMaxCharacters, nonceMaxCharacters } = httpSignatureLimits;
  const createdSeconds = readSeconds(parameters, 'created');
  const keyId = readText(parameters, { name: 'keyid', maxCharacters: keyIdMaxCharacters });
  const expiresSeconds = readSeconds(parameters, 'expires');
  const nonce = readText(parameters, { name: 'nonce', maxCharacters: nonceMaxCharacters });
  const algorithm = readText(parameters, { name: 'alg', maxCharacters: 64 });
  const tag = readText(parameters, { name: 'tag', maxCharacters: 255 });
  if (createdSeconds === null || keyId === null || expiresSeconds === null) return malformed();
  if (nonce === null || algorithm === null || tag === null) return malformed();
  if (createdSeconds === undefined || keyId === undefined) return malformed();
  if (expiresSeconds !== undefined && expiresSeconds < createdSeconds) return malformed();
  if (required.tag !== undefined && tag !== required.tag) {
    return refuseHttpSignature('tag_mismatch', 'The signature was made for another purpose.');
  }
  return {
    ok: true,
    createdSeconds,
    keyId,
    ...(expiresSeconds === undefined ? {} : { expiresSeconds }),
    ...(nonce === undefined ? {} : { nonce }),
    ...(algorithm === undefined ? {} : { algorithm }),
    ...(tag === undefined ? {} : { tag }),
  };
}

/** Null for a value of another type or size. */
function readSeconds(parameters: Parameters, name: string): number | null | undefined {
  const bare = parameters.get(name);
  if (bare === undefined) return undefined;
  return bare.kind === 'integer' && bare.value > 0 ? bare.value : null;
}

function readText(
  parameters: Parameters,
  field: { readonly name: string; readonly maxCharacters: number },
): string | null | undefined {
  const bare = parameters.get(field.name);
  if (bare === undefined) return undefined;
  if (bare.kind !== 'string' || bare.value === '' || bare.value.length > field.maxCharacters) return null;
  return bare.value;
}

function malformed(): HttpSignatureRefusal {
  return refuseHttpSignature('parameter_malformed', 'A parameter of the signature has a value that it cannot have.');
}
