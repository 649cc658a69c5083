import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { quarantinedMessage } from '../entities.ts';
import { messageTrialRequested } from '../events.ts';
import { heldInput, loadHeld } from '../held-message.ts';
import { judgeMapping } from '../judge-mapping.ts';
import { mappingInputShape } from '../mapping/mapping-document.ts';

/**
 * Like `ingest.recheck_message`, by a mapping that the source does not have. A command for people with a scope of its own:
 * conditions that whoever asks chooses could find out values bit by bit, so each try stands in the log with its mapping.
 */
export const tryMapping = defineCommand({
  type: 'ingest.try_mapping',
  version: 1,
  summary:
    'Has a held message verified again, and tried on a mapping that is not set. Nothing is executed; what it would become is told without its values.',
  risk: 'R1',
  scope: 'ingest.message:try_mapping',
  environment: 'caller',
  actorTypes: ['USER'],
  input: v.strictObject({ ...heldInput.entries, mapping: mappingInputShape }),
  output: v.strictObject({ quarantinedMessageId: idShape('quarantinedMessage'), status: v.literal('CHECK_REQUESTED') }),
  refusals: [
    'quarantined_message_not_found',
    'quarantined_message_not_held',
    'quarantined_message_expired',
    'mapping_invalid',
    'command_type_unknown',
  ],
  load: loadHeld,
  versioned: ({ quarantinedMessageId: id }) => rowsWhere(quarantinedMessage, { id }),
  decide: (state, { quarantinedMessageId, mapping }, ctx) => {
    const held = state.get(quarantinedMessage, { id: quarantinedMessageId });
    if (!held) return refuse('quarantined_message_not_found', { quarantinedMessageId });
    if (held.status !== 'HELD') return refuse('quarantined_message_not_held', { status: held.status });
    if (ctx.now >= held.expiresAt) return refuse('quarantined_message_expired', { expiresAt: held.expiresAt });
    const judged = judgeMapping(mapping, ctx.registry);
    if (!judged.ok) return refuse(judged.code, judged.detail);
    const { ingestSourceId } = held;
    return accept({
      events: [messageTrialRequested.of({ quarantinedMessageId, ingestSourceId, mapping: judged.document })],
      response: { quarantinedMessageId, status: 'CHECK_REQUESTED' },
    });
  },
});
