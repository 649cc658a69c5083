import {
  accept,
  createRegistry,
  defineCommand,
  defineEntity,
  defineFeature,
  parseCommand,
  refuse,
  rowsWhere,
} from '@karmanflow/commands';
import { given } from '@karmanflow/commands/testing';
import { defineEvent } from '@karmanflow/events';
import { codeShape, type Id, idShape, nameShape } from '@karmanflow/schema';
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

// A decision is a value, made of values: the same events and the same input give the same verdict.
export const verdict = given(registry, []).when(openPlace, { code: 'BER-1', name: 'Berlin' });
