import { idShape, limits } from '@karmanflow/schema';
import * as v from 'valibot';
import { defineQuery } from '../../../definition/query.ts';
import { previewCommand } from '../../../executor/preview-command.ts';
import { allocationStrategies } from '../../inventory/index.ts';
import { candidateLocations, create } from '../commands/create.ts';

const partShape = v.strictObject({
  lineNumber: v.number(),
  variantId: idShape('variant'),
  locationId: idShape('location'),
  quantity: v.number(),
});

/** A preview makes nothing, so its ids name nothing: they only differ from each other. */
function placeholders(): () => string {
  let next = 0;
  return () => {
    next += 1;
    return `00000000-0000-7000-8000-${String(next).padStart(12, '0')}`;
  };
}

/** Why there would be no allocation, with what the refusal tells of it. */
const refusalShape = v.strictObject({
  code: v.picklist(create.refusals),
  variantId: v.nullable(idShape('variant')),
  locationId: v.nullable(idShape('location')),
  quantity: v.nullable(v.number()),
  available: v.nullable(v.number()),
});

export const preview = defineQuery({
  type: 'allocation.preview',
  summary: 'What allocation.create would do now with a reservation, by the same decision, without writing anything.',
  scope: 'inventory.allocation:preview',
  input: v.strictObject({
    reservationId: idShape('reservation'),
    strategy: v.optional(v.picklist(allocationStrategies), 'reserved_location'),
    /** Ids of locations, separated by commas. */
    locationIds: v.optional(
      v.pipe(
        v.string(),
        v.maxLength(limits.allocationCandidates * 50),
        v.transform((text) => text.split(',')),
        candidateLocations,
      ),
    ),
  }),
  output: v.strictObject({
    reservationId: idShape('reservation'),
    strategy: v.picklist(allocationStrategies),
    allocations: v.array(partShape),
    /** null: it would succeed. */
    refusal: v.nullable(refusalShape),
  }),
  run: async ({ locationIds, ...asked }, { database, scope, registry }) => {
    const found = await previewCommand({
      database,
      registry,
      scope,
      definition: create,
      input: { ...asked, ...(locationIds ? { locationIds } : {}) },
      actor: { type: 'SYSTEM', id: 'prn_00000000-0000-7000-8000-000000000000' },
      uuidSource: placeholders(),
      changesMax: 0,
    });
    if (found.kind === 'accept') {
      // The response of the very command that was decided.
      const { allocations } = found.response as v.InferOutput<typeof create.output>;
      return { ...asked, allocations: allocations.map(({ allocationId: _id, ...part }) => part), refusal: null };
    }
    if (found.code === 'reservation_not_found') return null;
    const { variantId = null, locationId = null, quantity = null, available = null } = found.detail;
    const refusal = { code: found.code, variantId, locationId, quantity, available };
    // Its own refusals and their details, as the command declares them.
    return { ...asked, allocations: [], refusal: refusal as v.InferOutput<typeof refusalShape> };
  },
});
