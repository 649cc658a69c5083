import { describe, expect, test } from 'bun:test';
import { limits } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand } from '../definition/command.ts';
import { registry } from '../registry.ts';
import { parseCommand } from './parse-command.ts';

const secretText = 'Zebulon Quixote, 4 Privet Drive';

const command = defineCommand({
  type: 'shop.greet',
  version: 1,
  summary: 'For tests.',
  risk: 'R1',
  scope: 'a.b:c',
  environment: 'caller',
  input: v.strictObject({
    personName: v.optional(v.string()),
    count: v.optional(v.number(), 1),
    kind: v.optional(v.picklist(['A', 'B'])),
    nested: v.optional(
      v.strictObject({ list: v.array(v.strictObject({ id: v.pipe(v.string(), v.minLength(3, 'too short')) })) }),
    ),
  }),
  output: v.strictObject({}),
  refusals: [],
  personal: ['personName'],
  load: () => [],
  decide: () => accept({ events: [], response: {} }),
});

const issuesOf = (input: unknown) => {
  const result = parseCommand(command, input);
  return result.ok ? [] : result.issues;
};

describe('a command', () => {
  test('is parsed with its defaults, and its personal values are taken out of the input', () => {
    expect(parseCommand(command, { personName: secretText })).toEqual({
      ok: true,
      command: { definition: command, input: { count: 1 }, personal: [{ field: 'personName', value: secretText }] },
    });
    expect(parseCommand(command, {})).toMatchObject({ ok: true, command: { input: { count: 1 }, personal: [] } });
  });

  test.each([
    ['null', null],
    ['nothing', undefined],
    ['an empty list', []],
    ['a text', 'x'],
    ['a number', 1],
  ])('made of %s is none', (_what, input) => {
    expect(issuesOf(input).length).toBeGreaterThan(0);
  });

  test('takes no list where an object is due, at any depth', () => {
    const { personal: _personal, ...plain } = command;
    const deep = {
      ...plain,
      input: v.strictObject({
        settings: v.strictObject({ quorum: v.optional(v.record(v.string(), v.number())) }),
        list: v.optional(v.array(v.strictObject({ note: v.optional(v.string()) }))),
      }),
    };
    const pathsOf = (input: unknown): string[] => {
      const result = parseCommand(deep, input);
      return result.ok ? [] : result.issues.map(({ path }) => path);
    };
    expect(pathsOf({ settings: [] })).toEqual(['settings']);
    expect(pathsOf({ settings: { quorum: [] } })).toEqual(['settings.quorum']);
    expect(pathsOf({ settings: {}, list: [{}, []] })).toEqual(['list.1']);
    expect(pathsOf({ settings: { quorum: { 'a.b': 1 } }, list: [{ note: 'x' }] })).toEqual([]);
  });

  test('says where it is wrong, and what it wants', () => {
    expect(issuesOf({ nested: { list: [{ id: 'abc' }, { id: 'x' }] } })).toEqual([
      { path: 'nested.list.1.id', message: 'too short' },
    ]);
    expect(issuesOf({ unknown: 1 })).toEqual([{ path: 'unknown', message: 'unknown field' }]);
    expect(issuesOf({ nested: {} })).toEqual([{ path: 'nested.list', message: 'required' }]);
  });

  test.each([
    ['of the wrong type', { count: secretText }],
    ['not in the list', { kind: secretText }],
    ['where an object belongs', { nested: secretText }],
    ['too long to be a number', { count: 'x'.repeat(10_000) }],
  ])('never repeats a value that is %s: it may be anything, and it goes into logs', (_what, input) => {
    const [issue] = issuesOf(input);
    expect(issue?.message).not.toContain('Zebulon');
    expect(issue?.message.length).toBeLessThan(200);
    expect(issue?.message.length).toBeGreaterThan(3);
  });

  test('lists no more than a few issues, however many there are, and no path without end', () => {
    const list = Array.from({ length: 1_000 }, () => ({ id: 'x' }));
    expect(issuesOf({ nested: { list } }).length).toBeLessThanOrEqual(20);
    const [issue] = issuesOf({ ['x'.repeat(100_000)]: 1 });
    expect(issue?.path.length).toBeLessThanOrEqual(limits.reasonLength);
  });

  test('does not inherit: a key called __proto__ changes nothing', () => {
    const input: unknown = JSON.parse('{"__proto__": {"count": 5}, "count": 2}');
    const result = parseCommand(command, input);
    if (result.ok) expect(result.command.input).toEqual({ count: 2 });
    else expect(result.issues.length).toBeGreaterThan(0);
    expect(({} as { count?: number }).count).toBeUndefined();
  });
});

test('every command of this build refuses nothing, null and a list without throwing', () => {
  let tried = 0;
  for (const definition of registry.commands.values()) {
    for (const input of [undefined, null, [], 'x', { __unknown: 1 }]) {
      tried += 1;
      expect(parseCommand(definition, input).ok).toBe(false);
    }
  }
  expect(tried).toBeGreaterThan(50);
});
