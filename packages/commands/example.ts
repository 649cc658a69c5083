import {
  accept,
  createRegistry,
  defineCommand,
  defineEntity,
  defineFeature,
  parseCommand,
  refuse,
  rowsWhere,
  type StateReader,
} from '@karmanflow/commands';
import { defineEvent } from '@karmanflow/events';
import { codeShape, type Id, idShape, nameShape, newId } from '@karmanflow/schema';
import * as v from 'valibot';

// What can happen, and which entity that touches.
const placeOpened = defineEvent({
  type: 'stores.place.opened',
  version: 1,
  data: v.strictObject({ placeId: idShape('location'), code: codeShape, name: nameShape }),
  touches: (data) => [{ entity: 'place', key: { id: data.placeId } }],
});
type PlaceOpened = v.InferOutput<typeof placeOpened.data>;

// The entity: its table, and how each event changes it. Folding the events gives the rows exactly.
const place = defineEntity<{ id: Id<'location'>; code: string; name: string }>({
  name: 'place',
  table: 'locations',
  locked: false,
  key: ['id'],
  fields: { id: { column: 'id', id: 'location' }, code: { column: 'code' }, name: { column: 'name' } },
  evolve: {
    'stores.place.opened': (_state, event: { data: PlaceOpened }) => ({
      id: event.data.placeId,
      code: event.data.code,
      name: event.data.name,
    }),
  },
});

// The command: who may run it, what it needs to see, and what it decides. No clock, no randomness, no database.
const openPlace = defineCommand({
  type: 'stores.open_place',
  version: 1,
  summary: 'Opens a place under a code that nobody else has.',
  risk: 'R1',
  scope: 'stores.place:open',
  environment: 'caller',
  input: v.strictObject({ code: codeShape, name: nameShape }),
  output: v.strictObject({ placeId: idShape('location') }),
  refusals: ['code_taken'],
  load: ({ code }) => [rowsWhere(place, { code })],
  decide: (state, { code, name }, ctx) => {
    if (state.get(place, { code })) return refuse('code_taken');
    const placeId = ctx.newId('location');
    return accept({ events: [placeOpened.of({ placeId, code, name })], response: { placeId } });
  },
});

export const registry = createRegistry([
  defineFeature({
    name: 'stores',
    commands: [openPlace],
    queries: [],
    events: [placeOpened],
    entities: [place],
    agentSurface: { summary: 'Places can be opened.' },
  }),
]);

// Input is parsed by the command's own schema, once, on its way in.
export const misspelt = parseCommand(openPlace, { code: 'BER-1', nmae: 'Berlin' });

// A decision is a value, made of values. The executor brings the rows, the clock and the ids, and writes what follows.
const nothingThere: StateReader = { get: () => undefined, list: () => [], versionOf: () => 0 };
export const verdict = openPlace.decide(
  nothingThere,
  { code: 'BER-1', name: 'Berlin' },
  {
    tenantId: 'tnt_019b76da-a800-7000-8000-000000000001',
    environmentId: 'env_019b76da-a800-7000-8000-000000000002',
    actor: { type: 'USER', id: 'prn_019b76da-a800-7000-8000-000000000003' },
    now: '2026-03-01T09:30:00.000Z',
    newId: (kind) => newId(kind, () => '019b76da-a800-7000-8000-000000000004'),
    personal: new Map(),
  },
);
