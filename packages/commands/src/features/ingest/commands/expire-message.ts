import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { quarantinedMessage } from '../entities.ts';
import { messageExpired } from '../events.ts';
import { heldInput, loadHeld, loadItsQuarantine, valuesOf } from '../held-message.ts';

/** Sent by the sweeper for messages that nobody decided about in time. */
export const expireMessage = defineCommand({
  type: 'ingest.expire_message',
  version: 1,
  summary: 'Ends a held message whose time is over; its bytes are erased.',
  risk: 'R1',
  scope: 'ingest.message:expire',
  environment: 'caller',
  internal: true,
  input: heldInput,
  output: v.strictObject({ quarantinedMessageId: idShape('quarantinedMessage'), status: v.literal('EXPIRED') }),
  refusals: ['quarantined_message_not_found', 'quarantined_message_not_held', 'quarantined_message_not_expired'],
  load: loadHeld,
  loadNext: loadItsQuarantine,
  decide: (state, { quarantinedMessageId }, ctx) => {
    const held = state.get(quarantinedMessage, { id: quarantinedMessageId });
    if (!held) return refuse('quarantined_message_not_found', { quarantinedMessageId });
    if (held.endedAt !== null) return refuse('quarantined_message_not_held', { status: held.status });
    if (ctx.now < held.expiresAt) return refuse('quarantined_message_not_expired', { expiresAt: held.expiresAt });
    const { ingestSourceId, storedBytes } = held;
    return accept({
      events: [messageExpired.of({ quarantinedMessageId, ingestSourceId, storedBytes })],
      response: { quarantinedMessageId, status: 'EXPIRED' },
      erase: valuesOf(held),
    });
  },
});
