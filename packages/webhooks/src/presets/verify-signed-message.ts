import { createHash } from 'node:crypto';
import { isHttpSignatureOf, signatureBytesOf } from '../http-signatures/http-signature-key.ts';
import type { HttpSignatureRefusal } from '../http-signatures/http-signature-refusal.ts';
import { parseHttpSignatureKey } from '../http-signatures/parse-http-signature-key.ts';
import { combineHeaderLines, type SignedRequest } from '../http-signatures/signed-request.ts';
import { verifyHttpSignature } from '../http-signatures/verify-http-signature.ts';
import type { WebhookHeaderPairs } from '../read-webhook-headers.ts';
import { requireBodyBytes } from '../webhook-mac.ts';
import type { HttpSignaturePreset } from './configure-http-signatures.ts';
import { inboundLimits } from './inbound-limits.ts';
import { type InboundRefusal, refuseInbound } from './inbound-refusal.ts';
import { readBodyMessageId } from './read-body-message-id.ts';
import type { VerifiedInbound } from './verify-inbound.ts';

export interface VerifySignedMessageInput {
  readonly preset: HttpSignaturePreset;
  readonly headers: WebhookHeaderPairs;
  /** The body as it arrived, before any decoding. */
  readonly rawBody: Uint8Array;
  /** 1 to 8 keys that are valid now, each as `parseHttpSignatureKey` reads it. */
  readonly keys: readonly string[];
  /** Now, or for a stored request the time when it arrived: whole seconds since the Unix epoch. */
  readonly nowSeconds: number;
  /** The address under which the sender knows us: what a request says of its own address proves nothing. */
  readonly url: string;
  /** The method that the route accepts. */
  readonly method: string;
}

const visiblePattern = /^[!-~]+$/;

/**
 * Verifies a message that its sender signed by RFC 9421, and finds its id. Pure. Nothing in the request makes it throw;
 * invalid keys throw a TypeError, since they are our own. A refusal costs no less than one verification.
 */
export function verifySignedMessage(
  input: VerifySignedMessageInput,
): VerifiedInbound | InboundRefusal | HttpSignatureRefusal {
  const { preset, rawBody, headers, url, method, nowSeconds } = input;
  const keys = requireKeys(input.keys);
  requireBodyBytes(rawBody);
  const request: SignedRequest = { method, url, headers, rawBody };
  const { requiredComponents, toleranceSeconds, messageId, label, tag } = preset;
  const judged =
    refuseBody(preset, rawBody) ??
    verifyHttpSignature({
      request,
      policy: {
        requiredComponents,
        toleranceSeconds,
        nonceIsRequired: messageId.source === 'nonce',
        ...(label === undefined ? {} : { label }),
        ...(tag === undefined ? {} : { tag }),
      },
      lookUpKey: (keyId) => keys.find((one) => one.keyId === keyId)?.key,
      nowSeconds,
    });
  if (!judged.ok) {
    spendOneVerification(keys, rawBody);
    return judged;
  }
  const { keyId, signedAtSeconds, signedContentSha256, providerMessageId: nonce } = judged;
  const providerMessageId = findId({ preset, request, keyId, nonce });
  if (providerMessageId === undefined) {
    return refuseInbound('message_id_unreadable', 'The message has no id where its sender puts one.');
  }
  const secretIndex = keys.findIndex((one) => one.keyId === keyId);
  return { ok: true, providerMessageId, messageIdIsSigned: true, signedContentSha256, signedAtSeconds, secretIndex };
}

type Key = Extract<ReturnType<typeof parseHttpSignatureKey>, { ok: true }>;

function requireKeys(texts: readonly string[]): readonly Key[] {
  if (!Array.isArray(texts) || texts.length === 0 || texts.length > inboundLimits.secretsMax) {
    throw new TypeError(`Pass a list of 1 to ${inboundLimits.secretsMax} keys of the source.`);
  }
  return texts.map((text: string, index) => {
    const parsed = parseHttpSignatureKey(text);
    if (!parsed.ok) throw new TypeError(`Key ${index}: ${parsed.code}. ${parsed.publicMessage}`);
    return parsed;
  });
}

function refuseBody({ body }: HttpSignaturePreset, { length }: Uint8Array): InboundRefusal | undefined {
  if (length === 0 && !body.mayBeEmpty) return refuseInbound('body_empty', 'The body is empty.');
  if (length <= body.maxBytes) return undefined;
  return refuseInbound('body_too_large', `The body has more than ${body.maxBytes} bytes.`);
}

/** A nonce is one under its key only; escaping the key's name keeps two pairs from looking like one. */
function findId(found: {
  readonly preset: HttpSignaturePreset;
  readonly request: SignedRequest;
  readonly keyId: string;
  readonly nonce: string | undefined;
}): string | undefined {
  const { messageId } = found.preset;
  if (messageId.source === 'body') return readBodyMessageId({ ...found.request, pointer: messageId.pointer });
  const id =
    messageId.source === 'header'
      ? combineHeaderLines(found.request, messageId.header)
      : `${encodeURIComponent(found.keyId)}:${found.nonce ?? ''}`;
  if (id === undefined || !visiblePattern.test(id)) return undefined;
  return id.length <= inboundLimits.messageIdMaxCharacters ? id : undefined;
}

/** What a signature of nobody's costs, so that how long a refusal takes does not tell how far a request came. */
function spendOneVerification(keys: readonly Key[], rawBody: Uint8Array): void {
  const [first] = keys;
  if (first === undefined) return;
  const signatureBase = createHash('sha256').update(rawBody).digest('base64');
  isHttpSignatureOf({ key: first.key, signatureBase, signature: new Uint8Array(signatureBytesOf(first.key)) });
}
