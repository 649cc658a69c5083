import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { claimLoads, isClaimed } from '../claimed-command.ts';
import { claimFields, messageClaimed } from '../events.ts';

/**
 * Takes a message whose command had no effect yet, or none at all. Ingest sends it before it acknowledges, so that what was
 * acknowledged was claimed, whatever became of it.
 */
export const claimMessage = defineCommand({
  type: 'ingest.claim_message',
  version: 1,
  summary: 'Takes a message that was refused, that waits for approval, or that changes nothing.',
  risk: 'R1',
  scope: 'ingest.message:claim',
  environment: 'caller',
  actorTypes: ['CONNECTOR'],
  internal: true,
  input: v.strictObject({
    ...claimFields,
    outcome: v.picklist(['REFUSED', 'PAUSED', 'UNCHANGED']),
    commandReceiptId: v.nullable(idShape('receipt')),
  }),
  output: v.strictObject({}),
  refusals: ['message_claimed'],
  load: (claim) => claimLoads(claim),
  decide: (state, claim) =>
    isClaimed(state, claim) ? refuse('message_claimed') : accept({ events: [messageClaimed.of(claim)], response: {} }),
});
