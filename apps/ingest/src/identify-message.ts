import { createHash } from 'node:crypto';
import type { ingest } from '@karmanflow/commands';
import type { Id } from '@karmanflow/schema';
import type { InboundPreset, VerifiedInbound } from '@karmanflow/webhooks';
import { claimOf } from './message-claim.ts';

/** A verified message: what it is claimed by, and what it is called in the pipeline. */
export interface IdentifiedMessage {
  readonly claim: Omit<ingest.MessageClaim, 'subject'>;
  readonly messageIdIsSigned: boolean;
  readonly idempotencyKey: string;
  readonly causationId: string;
}

/** Senders that use one id for several messages of different types tell the type in a header that they do not sign. */
const typeHeaders: Readonly<Record<string, string>> = { shopify: 'x-shopify-topic', github: 'x-github-event' };

/**
 * What makes a message the one that it is. Under the signature of one that signs its id, the id tells all; where the id is
 * not signed, whoever saw the message can send it again under another id, so there what was signed is the message.
 */
export function identifyMessage(message: {
  readonly ingestSourceId: Id<'ingestSource'>;
  readonly preset: Pick<InboundPreset, 'name' | 'claims'>;
  readonly verified: Pick<VerifiedInbound, 'providerMessageId' | 'messageIdIsSigned' | 'signedContentSha256'>;
  readonly header: (name: string) => string | null;
  readonly body: Uint8Array;
}): IdentifiedMessage {
  const { ingestSourceId, preset, verified, header } = message;
  const { providerMessageId: messageId, messageIdIsSigned, signedContentSha256 } = verified;
  const type = header(typeHeaders[preset.name] ?? '') ?? '';
  const mayRepeat = preset.claims.repeatedContent === 'accept';
  const names = claimOf({ ingestSourceId, messageId });
  return {
    claim: {
      ingestSourceId,
      messageId,
      messageKey: sha256Hex(messageIdIsSigned ? messageId : `${messageId}\n${type}`),
      contentKey:
        messageIdIsSigned || !mayRepeat ? signedContentSha256 : sha256Hex(`${signedContentSha256}\n${messageId}`),
      bodyKey: sha256Hex(message.body),
    },
    messageIdIsSigned,
    idempotencyKey:
      messageIdIsSigned || mayRepeat ? names.idempotencyKey : `ingest:${ingestSourceId}:content:${signedContentSha256}`,
    causationId: names.causationId,
  };
}

/** A genuine message whose body has no id where its sender puts one: its content is all that it can be known by. */
export function identifyByContent(message: {
  readonly ingestSourceId: Id<'ingestSource'>;
  readonly preset: Pick<InboundPreset, 'name' | 'claims'>;
  readonly body: Uint8Array;
}): IdentifiedMessage {
  const bodyKey = sha256Hex(message.body);
  return identifyMessage({
    ...message,
    header: () => null,
    verified: { providerMessageId: `sha256:${bodyKey}`, messageIdIsSigned: true, signedContentSha256: bodyKey },
  });
}

export function sha256Hex(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
