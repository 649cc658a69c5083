import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { claimLoads, isClaimed } from '../claimed-command.ts';
import { ingestQuarantine } from '../entities.ts';
import { claimFields, messageClaimed, messageQuarantined, quarantineReasons } from '../events.ts';
import { ingestBounds } from '../ingest-bounds.ts';

const bytes = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(ingestBounds.sealedCharacters));

/**
 * Keeps a genuine message that becomes no command now. A suspected replay claims nothing: what it repeats did. Bytes and
 * outline are personal values: neither payload nor event has them, and they cease when the message is over.
 */
export const quarantineMessage = defineCommand({
  type: 'ingest.quarantine_message',
  version: 1,
  summary: 'Keeps a verified message that cannot be processed, or that repeats another under a new id.',
  risk: 'R1',
  scope: 'ingest.message:quarantine',
  environment: 'caller',
  actorTypes: ['CONNECTOR'],
  internal: true,
  input: v.strictObject({
    ...claimFields,
    reason: v.picklist(quarantineReasons),
    storedBytes: bytes,
    /** Base64 of the encrypted message. */
    sealed: v.optional(v.pipe(v.string(), v.maxLength(ingestBounds.sealedCharacters))),
    /** The shape of the message without its values, as JSON. */
    outline: v.optional(v.pipe(v.string(), v.maxLength(ingestBounds.outlineCharacters))),
  }),
  personal: ['sealed', 'outline'],
  output: v.strictObject({ quarantinedMessageId: idShape('quarantinedMessage') }),
  refusals: ['message_claimed', 'quarantine_full'],
  load: (claim) => [rowsWhere(ingestQuarantine, { ingestSourceId: claim.ingestSourceId }), ...claimLoads(claim)],
  decide: (state, request, ctx) => {
    const { reason, storedBytes, sealed: _sealed, outline: _outline, ...claim } = request;
    const isReplay = reason === 'suspected_replay';
    if (!isReplay && isClaimed(state, claim)) return refuse('message_claimed');
    const { ingestSourceId, messageId, contentKey } = claim;
    const held = state.get(ingestQuarantine, { ingestSourceId });
    const isFull =
      (held?.heldMessages ?? 0) >= ingestBounds.heldMessagesPerSource ||
      (held?.heldBytes ?? 0) + storedBytes > ingestBounds.heldBytesPerSource;
    if (isFull) return refuse('quarantine_full', { messages: held?.heldMessages ?? 0, bytes: held?.heldBytes ?? 0 });
    const quarantinedMessageId = ctx.newId('quarantinedMessage');
    const quarantined = messageQuarantined.of({
      quarantinedMessageId,
      ingestSourceId,
      messageId,
      contentKey,
      reason,
      storedBytes,
      payloadId: ctx.personal.get('sealed') ?? null,
      outlineId: ctx.personal.get('outline') ?? null,
      expiresAt: new Date(Date.parse(ctx.now) + ingestBounds.heldSeconds * 1000).toISOString(),
    });
    const claimed = messageClaimed.of({ ...claim, outcome: 'QUARANTINED', commandReceiptId: null });
    return accept({ events: isReplay ? [quarantined] : [quarantined, claimed], response: { quarantinedMessageId } });
  },
});
