import { defineFeature, type FeatureDefinition } from '../../definition/registry.ts';
import { create } from './commands/create.ts';
import { override } from './commands/override.ts';
import { listAllocations } from './queries/allocations.ts';
import { preview } from './queries/preview.ts';

export { create, override };
export { type AllocationPlan, type AllocationTask, planAllocation, type ReservedLine } from './plan-allocation.ts';

/** Which location sends what: the step from a promise to units on a shelf. What is allocated is a state of the stock. */
export const allocations: FeatureDefinition = defineFeature({
  name: 'allocation',
  commands: [create, override],
  queries: [preview, listAllocations],
  events: [],
  entities: [],
  agentSurface: {
    summary: 'Preview and make allocations of committed reservations; overriding one waits for a human.',
  },
});
