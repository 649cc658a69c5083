import type { TimestampWindow } from '../read-timestamp.ts';
import type { WebhookHeaderPairs } from '../read-webhook-headers.ts';
import { requireBodyBytes } from '../webhook-mac.ts';
import { findMatchingSecret } from './find-matching-secret.ts';
import type { InboundPreset } from './inbound-preset.ts';
import { refuseInbound, type InboundRefusal } from './inbound-refusal.ts';
import { requireInboundKeys } from './inbound-secret.ts';
import { readBodyMessageId } from './read-body-message-id.ts';
import { readInboundRequest } from './read-inbound-request.ts';
import { requireCallerParts } from './require-caller-parts.ts';
import { buildSignedContent, computeContentMac, digestContent } from './signed-content.ts';

export interface VerifyInboundInput {
  readonly preset: InboundPreset;
  /** Prefer the server's raw list of pairs: a `Headers` object has already merged duplicates. */
  readonly headers: WebhookHeaderPairs;
  /** The body as it arrived, before any decoding. */
  readonly rawBody: Uint8Array;
  /** 1 to 8 secrets that are valid now. Their order gives `secretIndex`. */
  readonly secrets: readonly string[];
  /** Now, or for a stored request the time when it arrived: whole seconds since the Unix epoch. */
  readonly nowSeconds: number;
  /** For a preset that signs it: the address as registered with the provider, not as the request names it. */
  readonly url?: string;
  /** For a preset that signs it: the method that the route accepts, such as POST. */
  readonly method?: string;
}

/** What a request proves. Claim both the id and the digest, scoped to the source, where the command is committed. */
export interface VerifiedInbound {
  readonly ok: true;
  readonly providerMessageId: string;
  /** When false, anybody who saw the request can send it again under another id: only the digest tells. */
  readonly messageIdIsSigned: boolean;
  /** SHA-256 over all that was signed, 64 lower-case hex digits. */
  readonly signedContentSha256: string;
  /** Absent when the provider signs no time. */
  readonly signedAtSeconds?: number;
  /** The first secret that matches. */
  readonly secretIndex: number;
}

/**
 * Verifies a provider's request by the description of its preset. Pure. Nothing in the request makes it throw;
 * invalid secrets, a body that is not bytes, a bad time or a missing address throw, since they are the caller's own.
 * Any refusal costs the same: one HMAC over the body for each secret, and each pair of MACs compared.
 */
export function verifyInbound(input: VerifyInboundInput): VerifiedInbound | InboundRefusal {
  const { preset, rawBody } = input;
  const keys = requireInboundKeys(input);
  requireBodyBytes(rawBody);
  const window = requireWindow(input);
  const callerParts = requireCallerParts(input);

  const request = readInboundRequest({ ...input, window });
  const content = buildSignedContent(preset, { ...callerParts, ...request.values });
  const expected = keys.map((key) => computeContentMac(key, content));
  const secretIndex = findMatchingSecret({ expected, presented: request.macs });
  if (request.refusal !== undefined) return request.refusal;
  if (secretIndex === undefined) {
    return refuseInbound('signature_mismatch', 'The signature was not made with a known secret.');
  }

  const signedContentSha256 = digestContent(content);
  const providerMessageId = findMessageId({ preset, rawBody, header: request.values.messageId, signedContentSha256 });
  if (providerMessageId === undefined) {
    return refuseInbound('message_id_unreadable', 'The body has no message id where the provider puts it.');
  }
  return {
    ok: true,
    providerMessageId,
    messageIdIsSigned: isMessageIdSigned(preset),
    signedContentSha256,
    ...(request.signedAtSeconds === undefined ? {} : { signedAtSeconds: request.signedAtSeconds }),
    secretIndex,
  };
}

/** Only now, behind the signature, is the body parsed. */
function findMessageId(found: {
  readonly preset: InboundPreset;
  readonly rawBody: Uint8Array;
  readonly header: string;
  readonly signedContentSha256: string;
}): string | undefined {
  const { messageId } = found.preset;
  if (messageId.source === 'header') return found.header;
  if (messageId.source === 'signed-content') return found.signedContentSha256;
  return readBodyMessageId({ rawBody: found.rawBody, pointer: messageId.pointer });
}

/** Whether the preset's signature covers the id: one in the body always is, one in a header only if it says so. */
export function isMessageIdSigned(preset: InboundPreset): boolean {
  return preset.messageId.source !== 'header' || preset.signedContent.some(({ part }) => part === 'id');
}

/** Not-a-number would make both sides of the window pass, so the time is judged before it is used. */
function requireWindow({ preset, nowSeconds }: VerifyInboundInput): TimestampWindow {
  if (!Number.isSafeInteger(nowSeconds) || nowSeconds < 0) {
    throw new RangeError('The current time must be a whole number of seconds since the Unix epoch.');
  }
  return { nowSeconds, toleranceSeconds: preset.replay.policy === 'window' ? preset.replay.toleranceSeconds : 0 };
}
