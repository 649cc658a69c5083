import { describe, expect, test } from 'bun:test';
import { registry } from '@karmanflow/commands';
import * as v from 'valibot';
import { exampleOf } from './example-of.ts';
import { commandInput, componentName, jsonSchemaOf, queryInput, readInput } from './valibot-bridge.ts';

const commands = [...registry.commands.values()];
const queries = [...registry.queries.values()];

describe('the bridge', () => {
  test('there is something to bridge', () => {
    expect(commands.length).toBeGreaterThan(8);
    expect(queries.length).toBeGreaterThan(4);
  });

  test.each(commands.map(({ type }) => type))('%s: what Zod lets through is what valibot made of it', (type) => {
    const definition = registry.commands.get(type);
    if (definition === undefined) throw new Error(type);
    const schema = commandInput(definition);
    const { required = [] } = jsonSchemaOf(definition.input, 'input') as { required?: string[] };
    expect(readInput(schema, {}).ok).toBe(required.length === 0);
    for (const wrong of [[], null, 1, 'text', true, undefined]) expect(readInput(schema, wrong).ok).toBe(false);
    if (definition.internal === true) return;
    const example = exampleOf(jsonSchemaOf(definition.input, 'input')) as Record<string, unknown>;
    const parsed = readInput(schema, example);
    expect(parsed).toMatchObject({ ok: true, value: { definition } });
    expect(readInput(schema, { ...example, surplus: 1 })).toMatchObject({
      ok: false,
      issues: [{ path: 'surplus', message: 'unknown field' }],
    });
  });

  test.each(queries.map(({ type }) => type))('%s: the query string is judged by valibot', (type) => {
    const definition = registry.queries.get(type);
    if (definition === undefined) throw new Error(type);
    const schema = queryInput(definition);
    expect(readInput(schema, { surplus: '1' })).toMatchObject({ ok: false });
    expect(readInput(schema, null).ok).toBe(false);
    const example = exampleOf(jsonSchemaOf(definition.input, 'input'));
    expect(typeof readInput(schema, example).ok).toBe('boolean');
  });

  test('issues keep their paths, and neither paths nor messages grow with what was sent', () => {
    const schema = queryInput({ input: v.strictObject({ lines: v.array(v.strictObject({ sku: v.string() })) }) });
    expect(readInput(schema, { lines: [{ sku: 'a' }, { sku: 1 }] })).toMatchObject({
      ok: false,
      issues: [{ path: 'lines.1.sku' }],
    });
    const result = readInput(schema, { lines: 'x'.repeat(10_000), ['k'.repeat(10_000)]: 1 });
    if (result.ok) throw new Error('accepted');
    expect(result.issues.length).toBeGreaterThan(0);
    for (const { path, message } of result.issues) expect(path.length + message.length).toBeLessThan(500);
  });

  test('a schema that JSON Schema cannot express is an error and not a silent gap', () => {
    expect(() => jsonSchemaOf(v.pipe(v.string(), v.creditCard()), 'input')).toThrow();
    expect(jsonSchemaOf(v.pipe(v.string(), v.regex(/^\p{L}+$/u)), 'input')).toEqual({
      type: 'string',
      pattern: '^\\p{L}+$',
    });
    expect(() => jsonSchemaOf(v.pipe(v.string(), v.regex(/^a$/i)), 'input')).toThrow();
  });

  test('names of components follow from the type', () => {
    expect(componentName('inventory.register_variant', 'Input')).toBe('InventoryRegisterVariantInput');
  });
});
