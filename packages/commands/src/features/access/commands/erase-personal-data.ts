import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { principal } from '../entities/principal.ts';
import { personalDataErased } from '../events.ts';

/** Receipts and events hold references only, so every one of them verifies and replays afterwards as before. */
export const erasePersonalData = defineCommand({
  type: 'access.erase_personal_data',
  version: 1,
  summary: 'Erases the values that identify a person; what the person did stays on record without them.',
  risk: 'R2',
  scope: 'access.personal_data:erase',
  environment: 'control',
  input: v.strictObject({ principalId: idShape('principal') }),
  output: v.strictObject({ principalId: idShape('principal'), erasedAt: timestampShape }),
  refusals: ['principal_not_found', 'personal_data_not_found'],
  load: ({ principalId }) => [rowsWhere(principal, { id: principalId })],
  versioned: ({ principalId }) => rowsWhere(principal, { id: principalId }),
  decide: (state, { principalId }, ctx) => {
    const person = state.get(principal, { id: principalId });
    if (!person) return refuse('principal_not_found', { principalId });
    const { personalDataId } = person;
    if (personalDataId === null) return refuse('personal_data_not_found', { principalId });
    return accept({
      events: [personalDataErased.of({ personalDataId, principalId })],
      response: { principalId, erasedAt: ctx.now },
      erase: [personalDataId],
    });
  },
});
