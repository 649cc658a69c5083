import { describe, expect, test } from 'bun:test';
import { defineEvent } from '@karmanflow/events';
import { limits, tableNames } from '@karmanflow/schema';
import * as v from 'valibot';
import { registry } from '../registry.ts';
import { accept, defineCommand } from './command.ts';
import { defineEntity, entityIdOf, parameterOf, stateFromRow } from './entity.ts';
import { pageLimit } from './page.ts';
import { defineQuery } from './query.ts';
import { createRegistry, defineFeature, type FeatureDefinition } from './registry.ts';

const command = (type: `${string}.${string}`, scope: `${string}.${string}:${string}` = 'a.b:c') =>
  defineCommand({
    type,
    version: 1,
    summary: 'For tests.',
    risk: 'R1',
    scope,
    environment: 'caller',
    input: v.strictObject({}),
    output: v.strictObject({}),
    refusals: [],
    load: () => [],
    decide: () => accept({ events: [], response: {} }),
  });

const query = (type: `${string}.${string}`, scope: `${string}.${string}:${string}` = 'a.b:read') =>
  defineQuery({
    type,
    summary: 'For tests.',
    scope,
    input: v.strictObject({}),
    output: v.strictObject({}),
    run: async () => ({}),
  });

const event = (type: string) =>
  defineEvent({
    type,
    version: 1,
    data: v.strictObject({ id: v.string() }),
    touches: ({ id }) => [{ entity: 'shelf', key: { id } }],
  });

const shelf = defineEntity<{ id: string; code: string; name: string }>({
  name: 'shelf',
  table: 'locations',
  locked: true,
  key: ['id'],
  fields: { id: { column: 'id', id: 'location' }, code: { column: 'code' }, name: { column: 'name' } },
  evolve: { 'shop.shelf.built': () => ({ id: 'loc_x', code: 'x', name: 'x' }) },
});

const feature = (change: Partial<FeatureDefinition> = {}): FeatureDefinition =>
  defineFeature({
    name: 'shop',
    commands: [command('shop.build')],
    queries: [query('shop.look')],
    events: [event('shop.shelf.built')],
    entities: [shelf],
    agentSurface: { summary: 'For tests.' },
    ...change,
  });

describe('names', () => {
  test.each(['build', 'shop.Build', 'shop.build.now', 'shop.', '.build', 'shop-x.build', 'shop.build\n'])(
    'no command and no query is called %p',
    (type) => {
      expect(() => command(type as 'a.b')).toThrow(TypeError);
      expect(() => query(type as 'a.b')).toThrow(TypeError);
    },
  );

  test.each(['a.b', 'a:b', 'a.b:c:d', 'A.b:c', 'a.b:c\n', '*', 'a.*:c'])('no scope is called %p', (scope) => {
    expect(() => command('shop.build', scope as 'a.b:c')).toThrow(TypeError);
    expect(() => query('shop.look', scope as 'a.b:c')).toThrow(TypeError);
  });

  test('a feature holds only what carries its name', () => {
    expect(() => feature({ commands: [command('other.build')] })).toThrow('not named after its feature');
    expect(() => feature({ queries: [query('shopping.look')] })).toThrow('not named after its feature');
  });
});

describe('an entity', () => {
  test('has a field for each own column of its table, and no other', () => {
    const fields = { id: { column: 'id' }, code: { column: 'code' } };
    const definition = { name: 'x', table: 'locations', locked: true, key: ['id'], evolve: {} } as const;
    expect(() => defineEntity<{ id: string; code: string }>({ ...definition, fields, key: ['id'] })).toThrow(
      'columns without field [name]',
    );
    expect(() =>
      defineEntity<{ id: string; code: string; name: string; more: string }>({
        ...definition,
        key: ['id'],
        fields: { ...fields, name: { column: 'name' }, more: { column: 'more' } },
      }),
    ).toThrow('fields without column [more]');
  });

  test('is known by its key: one value as it is, several joined', () => {
    expect(entityIdOf(shelf, { id: 'loc_1' })).toBe('loc_1');
    const level = registry.entities.get('inventory_level');
    expect(level && entityIdOf(level, { locationId: 'loc_1', variantId: 'var_1' })).toBe('var_1:loc_1');
  });

  test('turns rows into state and back: ids with prefix, everything else as it is', () => {
    const uuid = '018f4a5c-7b2e-7def-8123-456789abcdef';
    const state = stateFromRow(shelf, { id: uuid, code: 'c', name: 'n', version: 3, tenant_id: uuid });
    expect(state).toEqual({ id: `loc_${uuid}`, code: 'c', name: 'n' });
    expect(parameterOf({ column: 'id', id: 'location' }, `loc_${uuid}`)).toBe(uuid);
    expect(parameterOf({ column: 'id', id: 'location' }, null)).toBeNull();
    expect(parameterOf({ column: 'name' }, 'loc_is_no_id_here')).toBe('loc_is_no_id_here');
  });
});

describe('a registry', () => {
  test.each([
    ['commands', { commands: [command('shop.build'), command('shop.build')] }],
    ['queries', { queries: [query('shop.look'), query('shop.look')] }],
    ['events', { events: [event('shop.shelf.built'), event('shop.shelf.built')] }],
    ['entities', { entities: [shelf, shelf] }],
  ])('refuses two %s of one name', (_what, change) => {
    expect(() => createRegistry([feature(change)])).toThrow('is declared twice');
  });

  test('refuses an entity that evolves by an event that nobody declares', () => {
    expect(() => createRegistry([feature({ events: [] })])).toThrow('evolves by unknown events: shop.shelf.built');
  });

  test('lists entities in the order of the tables: the global lock order', () => {
    const positions = [...registry.entities.values()].map((entity) => tableNames.indexOf(entity.table));
    expect(positions.length).toBeGreaterThan(10);
    expect(positions).toEqual(positions.toSorted((one, other) => one - other));
  });
});

describe('the registry of this build', () => {
  test('holds every feature, each command and query with a summary', () => {
    expect(registry.features.map((one) => one.name)).toEqual(
      expect.arrayContaining(['access', 'inventory', 'reservation', 'approval']),
    );
    expect(registry.commands.size).toBeGreaterThan(10);
    for (const { summary } of [...registry.commands.values(), ...registry.queries.values()])
      expect(summary).toMatch(/^[A-Z].*\.$/);
  });

  test('no command of class R2 or R3 is internal, and none is of class R0: what changes nothing is a query', () => {
    for (const { risk, internal } of registry.commands.values()) {
      expect(risk).not.toBe('R0');
      if (internal) expect(risk).toBe('R1');
    }
  });

  test('a command refuses fields that it does not know, and names no refusal twice', () => {
    for (const definition of registry.commands.values()) {
      const result = v.safeParse(definition.input, { __unknown: 1 });
      expect(result.issues?.some((issue) => v.getDotPath(issue) === '__unknown')).toBe(true);
      expect(new Set(definition.refusals).size).toBe(definition.refusals.length);
    }
  });

  test('personal fields are fields of the input', () => {
    const withPersonal = [...registry.commands.values()].filter((one) => one.personal && one.personal.length > 0);
    expect(withPersonal.map((one) => one.type).toSorted()).toEqual([
      'access.bootstrap_tenant',
      'access.register_principal',
      'ingest.quarantine_message',
    ]);
  });
});

test('the limit of a page is a whole number within bounds, or the default', () => {
  expect(v.parse(pageLimit, undefined)).toBe(limits.pageSizeDefault);
  expect(v.parse(pageLimit, '1')).toBe(1);
  expect(v.parse(pageLimit, String(limits.pageSizeMax))).toBe(limits.pageSizeMax);
  for (const wrong of [
    '0',
    '',
    '-1',
    '01',
    '1.5',
    '1e2',
    ' 1',
    '1 ',
    String(limits.pageSizeMax + 1),
    '9999',
    'x',
    1,
    null,
  ]) {
    expect(v.is(pageLimit, wrong)).toBe(false);
  }
});
