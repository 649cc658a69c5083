import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { quarantinedMessage } from '../entities.ts';
import { messageReleaseRequested } from '../events.ts';
import { heldInput, loadHeld } from '../held-message.ts';

/**
 * R2 (docs/decisions/0013-quarantine.md): of a suspected replay, and of a message that nobody has read, somebody else than
 * who asks looks first. What is released is verified again and runs as its connector, under policy, with a receipt of its own.
 */
export const releaseMessage = defineCommand({
  type: 'ingest.release_message',
  version: 1,
  summary: 'Lets a held message become its command after all. Waits for a named human.',
  risk: 'R2',
  scope: 'ingest.message:release',
  environment: 'caller',
  input: heldInput,
  output: v.strictObject({
    quarantinedMessageId: idShape('quarantinedMessage'),
    status: v.literal('RELEASE_REQUESTED'),
  }),
  refusals: ['quarantined_message_not_found', 'quarantined_message_not_held', 'quarantined_message_expired'],
  load: loadHeld,
  versioned: ({ quarantinedMessageId: id }) => rowsWhere(quarantinedMessage, { id }),
  decide: (state, { quarantinedMessageId }, ctx) => {
    const held = state.get(quarantinedMessage, { id: quarantinedMessageId });
    if (!held) return refuse('quarantined_message_not_found', { quarantinedMessageId });
    if (held.status !== 'HELD') return refuse('quarantined_message_not_held', { status: held.status });
    if (ctx.now >= held.expiresAt) return refuse('quarantined_message_expired', { expiresAt: held.expiresAt });
    return accept({
      events: [messageReleaseRequested.of({ quarantinedMessageId, ingestSourceId: held.ingestSourceId })],
      response: { quarantinedMessageId, status: 'RELEASE_REQUESTED' },
    });
  },
});
