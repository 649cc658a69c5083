import {
  accept,
  createRegistry,
  defineCommand,
  defineFeature,
  defineQuery,
  registry,
  type Registry,
} from '@karmanflow/commands';
import * as v from 'valibot';

const scope = 'inventory.reservation:create';

/** A mass effect: humans only, and a second one approves. The registry has no such command yet. */
const reassign = defineCommand({
  type: 'probe.reassign',
  version: 1,
  summary: 'Stands for a command of class R3.',
  risk: 'R3',
  scope,
  environment: 'caller',
  input: v.strictObject({ note: v.string() }),
  output: v.strictObject({}),
  refusals: [],
  load: () => [],
  decide: () => accept({ events: [], response: {} }),
});

const detonate = defineCommand({
  type: 'probe.detonate',
  version: 1,
  summary: 'Stands for a bug in a feature.',
  risk: 'R1',
  scope,
  environment: 'caller',
  input: v.strictObject({}),
  output: v.strictObject({}),
  refusals: [],
  load: () => [],
  decide: () => {
    throw new Error('a bug that knows the password hunter2');
  },
});

const collapse = defineQuery({
  type: 'probe.collapse',
  summary: 'Stands for a bug in a query.',
  scope: 'inventory.level:read',
  input: v.strictObject({}),
  output: v.strictObject({}),
  run: () => Promise.reject(new TypeError('a bug that knows the password hunter2')),
});

/** Everything that this build can do, and what tests need besides. */
export const probedRegistry: Registry = createRegistry([
  ...registry.features,
  defineFeature({
    name: 'probe',
    commands: [reassign, detonate],
    queries: [collapse],
    events: [],
    entities: [],
    agentSurface: { summary: 'For tests.' },
  }),
]);
