import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { quarantinedMessage } from '../entities.ts';
import { messageChecked, messageReleased } from '../events.ts';
import { heldInput, loadHeld, loadItsQuarantine, valuesOf } from '../held-message.ts';
import { ingestBounds } from '../ingest-bounds.ts';

const told = v.pipe(v.string(), v.maxLength(ingestBounds.detailCharacters));

/** What ingest did about a message that somebody asked for: it looked and leaves it, or it carried the release out. */
export const settleMessage = defineCommand({
  type: 'ingest.settle_message',
  version: 1,
  summary: 'Records what became of a held message that was to be checked or released.',
  risk: 'R1',
  scope: 'ingest.message:settle',
  environment: 'caller',
  actorTypes: ['CONNECTOR'],
  internal: true,
  input: v.strictObject({
    ...heldInput.entries,
    result: v.variant('kind', [
      v.strictObject({ kind: v.literal('checked'), told }),
      v.strictObject({
        kind: v.literal('released'),
        told,
        commandReceiptId: v.nullable(idShape('receipt')),
      }),
    ]),
  }),
  output: v.strictObject({}),
  refusals: ['quarantined_message_not_found', 'quarantined_message_not_requested'],
  load: loadHeld,
  loadNext: loadItsQuarantine,
  decide: (state, { quarantinedMessageId, result }) => {
    const held = state.get(quarantinedMessage, { id: quarantinedMessageId });
    if (!held) return refuse('quarantined_message_not_found', { quarantinedMessageId });
    const { ingestSourceId, storedBytes, status } = held;
    const isAsked = status === 'RELEASE_REQUESTED' || (status === 'CHECK_REQUESTED' && result.kind === 'checked');
    if (!isAsked) return refuse('quarantined_message_not_requested', { status });
    if (result.kind === 'checked') {
      const checked = messageChecked.of({ quarantinedMessageId, ingestSourceId, result: result.told });
      return accept({ events: [checked], response: {} });
    }
    const { commandReceiptId, told: outcome } = result;
    return accept({
      events: [messageReleased.of({ quarantinedMessageId, ingestSourceId, storedBytes, outcome, commandReceiptId })],
      response: {},
      erase: valuesOf(held),
    });
  },
});
