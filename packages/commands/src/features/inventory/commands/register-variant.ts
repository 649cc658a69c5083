import { codeShape, idShape, nameShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { variant } from '../entities.ts';
import { variantRegistered } from '../events.ts';

export const registerVariant = defineCommand({
  type: 'inventory.register_variant',
  version: 1,
  summary: 'Registers a variant under a SKU that is unique in the environment.',
  risk: 'R1',
  scope: 'inventory.variant:register',
  environment: 'caller',
  input: v.strictObject({ sku: codeShape, name: nameShape }),
  output: v.strictObject({ variantId: idShape('variant') }),
  refusals: ['sku_taken'],
  load: ({ sku }) => [rowsWhere(variant, { sku })],
  decide: (state, { sku, name }, ctx) => {
    const taken = state.get(variant, { sku });
    if (taken) return refuse('sku_taken', { variantId: taken.id });
    const variantId = ctx.newId('variant');
    return accept({ events: [variantRegistered.of({ variantId, sku, name })], response: { variantId } });
  },
});
