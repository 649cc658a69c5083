import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { quarantinedMessage } from '../entities.ts';
import { messageCheckRequested } from '../events.ts';
import { heldInput, loadHeld } from '../held-message.ts';

/** Only ingest can open a message, so it looks; what it found is told by the query of the message. */
export const recheckMessage = defineCommand({
  type: 'ingest.recheck_message',
  version: 1,
  summary:
    'Has a held message verified again with the current secrets, and tried on the current mapping. Nothing is executed.',
  risk: 'R1',
  scope: 'ingest.message:recheck',
  environment: 'caller',
  input: heldInput,
  output: v.strictObject({ quarantinedMessageId: idShape('quarantinedMessage'), status: v.literal('CHECK_REQUESTED') }),
  refusals: ['quarantined_message_not_found', 'quarantined_message_not_held', 'quarantined_message_expired'],
  load: loadHeld,
  versioned: ({ quarantinedMessageId: id }) => rowsWhere(quarantinedMessage, { id }),
  decide: (state, { quarantinedMessageId }, ctx) => {
    const held = state.get(quarantinedMessage, { id: quarantinedMessageId });
    if (!held) return refuse('quarantined_message_not_found', { quarantinedMessageId });
    if (held.status !== 'HELD') return refuse('quarantined_message_not_held', { status: held.status });
    if (ctx.now >= held.expiresAt) return refuse('quarantined_message_expired', { expiresAt: held.expiresAt });
    return accept({
      events: [messageCheckRequested.of({ quarantinedMessageId, ingestSourceId: held.ingestSourceId })],
      response: { quarantinedMessageId, status: 'CHECK_REQUESTED' },
    });
  },
});
