import { describe, expect, test } from 'bun:test';
import { columnsOf, tableNames, tableOf } from '@karmanflow/schema';
import * as fc from 'fast-check';
import { rowsWhere } from '../definition/entity.ts';
import { createRegistry } from '../definition/registry.ts';
import { inventoryLevel, variant } from '../features/inventory/index.ts';
import { registry } from '../registry.ts';
import { loadStatements } from './load-statements.ts';
import { insertRows, type Statement, updateRows } from './statements.ts';

const scope = ['tenant', 'environment'] as const;
const table = 'stock_movements';
/** One column that is usually shared, and two that are not. */
const columns = ['event_id', 'reason', 'quantity'];

/** The rows that a statement would insert: its tuples with their parameters filled in. */
function rowsIn({ text, values }: Statement): unknown[][] {
  const tuples = /VALUES (?<tuples>.*?\))(?: ON CONFLICT.*)?$/s.exec(text)?.groups?.['tuples'] ?? '';
  return tuples
    .slice(1, -1)
    .split('), (')
    .map((tuple) => tuple.split(', ').map((parameter) => values[Number(/^\$(\d+)/.exec(parameter)?.[1]) - 1]));
}

const anyRows = fc
  .record({ count: fc.integer({ min: 0, max: 600 }), shares: fc.boolean() })
  .map(({ count, shares }) =>
    Array.from({ length: count }, (_, index) => [`e${index}`, shares ? 'same' : `r${index % 3}`, index]),
  );

describe('many rows', () => {
  test('become statements that insert each of them once, in order, in the scope', () => {
    fc.assert(
      fc.property(anyRows, (rows) => {
        const statements = insertRows({ table, columns, scope, rows });
        expect(statements.flatMap(rowsIn)).toEqual(rows.map((row) => [...scope, ...row]));
        // A handful of prepared shapes serves every number of rows, and none is too wide for the protocol.
        expect(statements.length).toBeLessThanOrEqual(5);
        for (const { values } of statements) expect(values.length).toBeLessThan(65_536);
      }),
    );
  });

  test('have few names, each of which always stands for the same text', () => {
    const texts = new Map<string, string>();
    for (let count = 1; count <= 600; count += 1) {
      for (const shares of [true, false]) {
        const rows = Array.from({ length: count }, (_, index) => [`e${index}`, shares ? 'same' : `r${index}`, index]);
        for (const { name, text } of insertRows({ table, columns, scope, rows })) {
          expect(texts.get(name) ?? text).toBe(text);
          texts.set(name, text);
        }
      }
    }
    expect(texts.size).toBeLessThan(80);
  });

  test('that are changed name every column of the key as what they collide with, and never set it', () => {
    const [statement] = updateRows({
      table: 'inventory_levels',
      columns: ['variant_id', 'location_id', 'on_hand'],
      changing: ['on_hand'],
      scope,
      rows: [['v', 'l', 5]],
    });
    expect(statement?.text).toContain(
      'ON CONFLICT (tenant_id, environment_id, variant_id, location_id) DO UPDATE SET on_hand = ',
    );
    expect(statement?.text).toEndWith('written_in = pg_current_xact_id()');
    expect(statement && rowsIn(statement)).toEqual([[...scope, 'v', 'l', 5]]);
  });
});

describe('what a batch wants to see', () => {
  const uuid = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
  const level = (v: number, l: number) =>
    rowsWhere(inventoryLevel, { variantId: `var_${uuid(v)}`, locationId: `loc_${uuid(l)}` });

  test('is one statement for each entity, in the global order, with its rows sorted, whatever the order of asking', () => {
    const loads = [level(2, 1), rowsWhere(variant, { id: `var_${uuid(1)}` }), level(1, 9), level(1, 2), level(2, 0)];
    const made = loadStatements(loads, { registry, scope });
    expect(made.map(({ entity }) => entity.name)).toEqual(['variant', 'inventory_level']);
    expect(made[1]?.statement.values.slice(2)).toEqual([[1, 1, 2, 2].map(uuid), [2, 9, 0, 1].map(uuid)]);
    expect(loadStatements(loads.toReversed(), { registry, scope }).map(({ statement }) => statement)).toEqual(
      made.map(({ statement }) => statement),
    );
  });

  test('is locked exactly when the entity may change', () => {
    for (const { entity, statement } of loadStatements([level(1, 1), rowsWhere(variant, { sku: 'S' })], {
      registry,
      scope,
    })) {
      expect(statement.text.includes('FOR UPDATE')).toBe(entity.locked);
    }
  });
});

describe('the names of prepared statements', () => {
  test('fit into what Postgres keeps of a name: 63 bytes', () => {
    const names: string[] = [];
    for (const entity of registry.entities.values()) {
      const where = Object.fromEntries(entity.key.map((field) => [field, `x_00000000-0000-7000-8000-000000000001`]));
      names.push(...loadStatements([{ entity, where }], { registry, scope }).map(({ statement }) => statement.name));
    }
    for (const name of tableNames) {
      const own = Object.keys(columnsOf(name));
      const rows = Array.from({ length: 256 }, () => own.map(() => 'same'));
      names.push(...insertRows({ table: name, columns: own, scope, rows }).map((statement) => statement.name));
      names.push(
        ...updateRows({ table: name, columns: own, changing: own, scope, rows }).map((statement) => statement.name),
      );
    }
    expect(names.length).toBeGreaterThan(tableNames.length * 2);
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
  });

  test('mean one thing, because a table has one entity', () => {
    const [first] = registry.features.flatMap((feature) => feature.entities);
    if (!first) throw new Error('there is no entity');
    const twin = { ...first, name: 'twin' };
    const feature = { name: 'twins', commands: [], queries: [], events: [], agentSurface: { summary: 'For tests.' } };
    expect(() => void createRegistry([...registry.features, { ...feature, entities: [twin] }])).toThrow(TypeError);
    const tables = [...registry.entities.values()].map((entity) => tableOf(entity.table));
    expect(new Set(tables).size).toBe(tables.length);
  });
});
