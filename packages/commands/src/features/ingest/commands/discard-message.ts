import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { quarantinedMessage } from '../entities.ts';
import { messageDiscarded } from '../events.ts';
import { heldInput, loadHeld, loadItsQuarantine, valuesOf } from '../held-message.ts';

export const discardMessage = defineCommand({
  type: 'ingest.discard_message',
  version: 1,
  summary:
    'Ends a held message without effect; its bytes are erased. The message stays claimed: it will not be taken again.',
  risk: 'R1',
  scope: 'ingest.message:discard',
  environment: 'caller',
  input: heldInput,
  output: v.strictObject({ quarantinedMessageId: idShape('quarantinedMessage'), status: v.literal('DISCARDED') }),
  refusals: ['quarantined_message_not_found', 'quarantined_message_not_held'],
  load: loadHeld,
  loadNext: loadItsQuarantine,
  versioned: ({ quarantinedMessageId: id }) => rowsWhere(quarantinedMessage, { id }),
  decide: (state, { quarantinedMessageId }) => {
    const held = state.get(quarantinedMessage, { id: quarantinedMessageId });
    if (!held) return refuse('quarantined_message_not_found', { quarantinedMessageId });
    // While it is being released its command may run at any moment: too late to say that it never will.
    if (held.status !== 'HELD' && held.status !== 'CHECK_REQUESTED') {
      return refuse('quarantined_message_not_held', { status: held.status });
    }
    const { ingestSourceId, storedBytes } = held;
    return accept({
      events: [messageDiscarded.of({ quarantinedMessageId, ingestSourceId, storedBytes })],
      response: { quarantinedMessageId, status: 'DISCARDED' },
      erase: valuesOf(held),
    });
  },
});
