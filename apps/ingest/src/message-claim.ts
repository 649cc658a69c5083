import { createHash } from 'node:crypto';
import type { Id } from '@karmanflow/schema';
import { ingestLimits } from './ingest-limits.ts';

/** What one message is called in the pipeline: the same on each delivery, different for each source. */
export interface MessageClaim {
  readonly idempotencyKey: string;
  readonly causationId: string;
}

/**
 * The claim on a message id, which is one to 255 visible ASCII characters. A long one is named by its hash, since keys and
 * causation ids are bounded; two ids of one source share a claim only if SHA-256 collides.
 */
export function claimOf(message: {
  readonly ingestSourceId: Id<'ingestSource'>;
  readonly messageId: string;
}): MessageClaim {
  const { ingestSourceId, messageId } = message;
  const name = isPlain(messageId) ? messageId : `sha256:${createHash('sha256').update(messageId).digest('hex')}`;
  return { idempotencyKey: `ingest:${ingestSourceId}:${name}`, causationId: `webhook:${name}` };
}

/** An id that itself looks like a hash is hashed too, so that no id can be written to share the claim of another. */
function isPlain(messageId: string): boolean {
  return messageId.length <= ingestLimits.messageIdInNamesCharacters && !messageId.startsWith('sha256:');
}
