import { amountShape, codeShape, idShape, limits, nameShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { location, salesChannel } from '../entities.ts';
import { channelRegistered } from '../events.ts';

export const registerChannel = defineCommand({
  type: 'inventory.register_channel',
  version: 1,
  summary: 'Registers a sales channel, the locations it sells from, and the units it leaves alone at each.',
  risk: 'R1',
  scope: 'inventory.channel:register',
  environment: 'caller',
  input: v.strictObject({
    code: codeShape,
    name: nameShape,
    locations: v.pipe(
      v.array(v.strictObject({ locationId: idShape('location'), bufferQuantity: v.optional(amountShape, 0) })),
      v.minLength(1),
      v.maxLength(limits.locationsPerChannel),
      v.check(
        (locations) => new Set(locations.map((one) => one.locationId)).size === locations.length,
        'must not name a location twice',
      ),
    ),
  }),
  output: v.strictObject({ salesChannelId: idShape('salesChannel') }),
  refusals: ['code_taken', 'location_not_found'],
  load: ({ code, locations }) => [
    rowsWhere(salesChannel, { code }),
    ...locations.map(({ locationId }) => rowsWhere(location, { id: locationId })),
  ],
  decide: (state, { code, name, locations }, ctx) => {
    const taken = state.get(salesChannel, { code });
    if (taken) return refuse('code_taken', { salesChannelId: taken.id });
    const missing = locations.find(({ locationId }) => !state.get(location, { id: locationId }));
    if (missing) return refuse('location_not_found', { locationId: missing.locationId });
    const salesChannelId = ctx.newId('salesChannel');
    return accept({
      events: [channelRegistered.of({ salesChannelId, code, name, locations })],
      response: { salesChannelId },
    });
  },
});
