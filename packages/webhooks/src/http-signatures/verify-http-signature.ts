import { createHash } from 'node:crypto';
import { requireBodyBytes } from '../webhook-mac.ts';
import { checkContentDigest } from './check-content-digest.ts';
import { isSupportedComponent, readComponent } from './component-value.ts';
import {
  isHttpSignatureOf,
  requireHttpSignatureKey,
  signatureBytesOf,
  type HttpSignatureKey,
} from './http-signature-key.ts';
import { httpSignatureLimits } from './http-signature-limits.ts';
import { refuseHttpSignature, type HttpSignatureRefusal } from './http-signature-refusal.ts';
import { readSignatureInput } from './read-signature-input.ts';
import { readSignatureParameters, type SignatureParameters } from './read-signature-parameters.ts';
import { combineHeaderLines, type SignedRequest } from './signed-request.ts';
import { serializeInnerList, type InnerList } from './structured-fields.ts';

/** What a source demands of a signature. */
export interface HttpSignaturePolicy {
  /** Each must be covered, such as `@method`, `@target-uri` and `content-digest`. What is not covered is not proven. */
  readonly requiredComponents: readonly string[];
  /** 0 to 86400. How far `created` may be from now, on either side; both edges pass. */
  readonly toleranceSeconds: number;
  readonly nonceIsRequired: boolean;
  /** Which signature to verify. Without it there must be one only. */
  readonly label?: string;
  /** The application's tag, when it has one. */
  readonly tag?: string;
}

export interface VerifyHttpSignatureInput {
  readonly request: SignedRequest;
  readonly policy: HttpSignaturePolicy;
  /** The key that a `keyid` names for this source, or undefined. */
  readonly lookUpKey: (keyId: string) => HttpSignatureKey | undefined;
  /** Now, or for a stored request the time when it arrived: whole seconds since the Unix epoch. */
  readonly nowSeconds: number;
}

export interface VerifiedHttpSignature {
  readonly ok: true;
  readonly label: string;
  readonly keyId: string;
  /** The covered components, in their order. */
  readonly components: readonly string[];
  readonly signedAtSeconds: number;
  readonly expiresAtSeconds?: number;
  /** The nonce, which a sender never repeats under one key: claim it, scoped to the key. */
  readonly providerMessageId?: string;
  /** SHA-256 over the signature base, 64 lower-case hex digits. */
  readonly signedContentSha256: string;
  /** Whether `content-digest` is covered. When false, the body could be any. */
  readonly bodyIsCovered: boolean;
}

/**
 * Verifies one signature of a request by RFC 9421, with the algorithm of its key, and the `Content-Digest` of RFC 9530
 * when it is covered. Nothing in the request makes it throw; a bad policy, time or key throws, since it is our own.
 */
export function verifyHttpSignature(input: VerifyHttpSignatureInput): VerifiedHttpSignature | HttpSignatureRefusal {
  const { request, policy } = input;
  requireBodyBytes(request.rawBody);
  requireSettings(input);

  const signature = readSignatureInput(request, policy.label);
  if (!signature.ok) return signature;
  const parameters = readSignatureParameters(signature.covered.parameters, policy);
  if (!parameters.ok) return parameters;
  const refusal = refuseComponents(signature.covered, policy) ?? refuseTime(parameters, input);
  if (refusal !== undefined) return refusal;

  const key = findKey(parameters, input);
  if ('code' in key) return key;
  const { value } = signature;
  if (value.kind !== 'bytes' || value.value.length !== signatureBytesOf(key)) {
    return refuseHttpSignature('signature_malformed', 'The signature is not bytes of the length of its algorithm.');
  }
  const signatureBase = buildSignatureBase(request, signature.covered);
  if (signatureBase === undefined) {
    return refuseHttpSignature('component_unreadable', 'A covered component is absent, not plain ASCII or too large.');
  }
  if (!isHttpSignatureOf({ key, signatureBase, signature: value.value })) {
    return refuseHttpSignature('signature_mismatch', 'The signature was not made over this request with its key.');
  }

  const components = namesOf(signature.covered);
  const bodyIsCovered = components.includes('content-digest');
  const header = combineHeaderLines(request, 'content-digest');
  const digestRefusal =
    bodyIsCovered && header !== undefined ? checkContentDigest({ header, rawBody: request.rawBody }) : undefined;
  if (digestRefusal !== undefined) return digestRefusal;
  return {
    ok: true,
    label: signature.label,
    keyId: parameters.keyId,
    components,
    signedAtSeconds: parameters.createdSeconds,
    ...(parameters.expiresSeconds === undefined ? {} : { expiresAtSeconds: parameters.expiresSeconds }),
    ...(parameters.nonce === undefined ? {} : { providerMessageId: parameters.nonce }),
    signedContentSha256: createHash('sha256').update(signatureBase, 'latin1').digest('hex'),
    bodyIsCovered,
  };
}

/** A line for each component, then the parameters in their canonical form (RFC 9421 section 2.5). */
function buildSignatureBase(request: SignedRequest, covered: InnerList): string | undefined {
  const lines: string[] = [];
  for (const name of namesOf(covered)) {
    const value = readComponent(request, name);
    if (value === undefined) return undefined;
    lines.push(`"${name}": ${value}`);
  }
  lines.push(`"@signature-params": ${serializeInnerList(covered)}`);
  const signatureBase = lines.join('\n');
  return signatureBase.length > httpSignatureLimits.signatureBaseMaxCharacters ? undefined : signatureBase;
}

function namesOf({ items }: InnerList): readonly string[] {
  return items.flatMap(({ bare }) => (bare.kind === 'string' ? [bare.value] : []));
}

function refuseComponents(covered: InnerList, policy: HttpSignaturePolicy): HttpSignatureRefusal | undefined {
  const names = namesOf(covered);
  const isSupported =
    covered.items.every(({ parameters }) => parameters.size === 0) && names.every(isSupportedComponent);
  if (!isSupported) {
    return refuseHttpSignature('component_unsupported', 'The signature covers a component that is not supported here.');
  }
  const uncovered = policy.requiredComponents.find((name) => !names.includes(name));
  if (uncovered === undefined) return undefined;
  return refuseHttpSignature('component_uncovered', `The signature does not cover ${uncovered}.`);
}

function refuseTime(
  { createdSeconds, expiresSeconds }: SignatureParameters,
  { nowSeconds, policy }: VerifyHttpSignatureInput,
): HttpSignatureRefusal | undefined {
  const { toleranceSeconds } = policy;
  if (nowSeconds - createdSeconds > toleranceSeconds) {
    return refuseHttpSignature('created_too_old', `The signature is more than ${toleranceSeconds} seconds old.`);
  }
  if (createdSeconds - nowSeconds > toleranceSeconds) {
    const message = `The signature was made more than ${toleranceSeconds} seconds in the future.`;
    return refuseHttpSignature('created_too_new', message);
  }
  if (expiresSeconds === undefined || nowSeconds <= expiresSeconds) return undefined;
  return refuseHttpSignature('expired', 'The signature has expired.');
}

function findKey(
  { keyId, algorithm }: SignatureParameters,
  { lookUpKey }: VerifyHttpSignatureInput,
): HttpSignatureKey | HttpSignatureRefusal {
  const key = lookUpKey(keyId);
  if (key === undefined)
    return refuseHttpSignature('key_unknown', 'No key of this source has the id of the signature.');
  requireHttpSignatureKey(key);
  if (algorithm === undefined || algorithm === key.algorithm) return key;
  return refuseHttpSignature('algorithm_mismatch', 'The key is of another algorithm than the signature names.');
}

/** Not-a-number would make both sides of the window pass, so the window is judged before it is used. */
function requireSettings({ nowSeconds, policy }: VerifyHttpSignatureInput): void {
  const { toleranceSeconds, requiredComponents } = policy;
  const max = httpSignatureLimits.toleranceMaxSeconds;
  if (!Number.isSafeInteger(nowSeconds) || nowSeconds < 0) {
    throw new RangeError('The current time must be a whole number of seconds since the Unix epoch.');
  }
  if (!Number.isInteger(toleranceSeconds) || toleranceSeconds < 0 || toleranceSeconds > max) {
    throw new RangeError(`The tolerance must be a whole number of seconds from 0 to ${max}.`);
  }
  if (requiredComponents.length === 0 || !requiredComponents.every(isSupportedComponent)) {
    throw new TypeError('A policy names the components that must be covered, each of them supported.');
  }
}
