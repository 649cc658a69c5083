import { codeShape, idShape, nameShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { location } from '../entities.ts';
import { locationRegistered } from '../events.ts';

export const registerLocation = defineCommand({
  type: 'inventory.register_location',
  version: 1,
  summary: 'Registers a location under a code that is unique in the environment.',
  risk: 'R1',
  scope: 'inventory.location:register',
  environment: 'caller',
  input: v.strictObject({ code: codeShape, name: nameShape }),
  output: v.strictObject({ locationId: idShape('location') }),
  refusals: ['code_taken'],
  load: ({ code }) => [rowsWhere(location, { code })],
  decide: (state, { code, name }, ctx) => {
    const taken = state.get(location, { code });
    if (taken) return refuse('code_taken', { locationId: taken.id });
    const locationId = ctx.newId('location');
    return accept({ events: [locationRegistered.of({ locationId, code, name })], response: { locationId } });
  },
});
