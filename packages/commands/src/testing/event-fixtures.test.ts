import { describe, expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { defineEvent, pastVersion } from '@karmanflow/events';
import * as v from 'valibot';
import { defineFeature, createRegistry } from '../definition/registry.ts';
import { registry } from '../registry.ts';
import { describeShape } from './describe-shape.ts';
import { type EventFixture, eventVersionsOf, fixtureNameOf, fixtureProblems, makeFixture } from './event-fixture.ts';

const folder = new URL('event-fixtures/', import.meta.url);
const isThere = new Set(readdirSync(folder));

// Writes what is missing and never what is there: a stored event does not change because the code did.
if (process.env['KF_WRITE_EVENT_FIXTURES'] === '1') {
  for (const version of eventVersionsOf(registry).filter((one) => !isThere.has(fixtureNameOf(one)))) {
    const text = `${JSON.stringify(makeFixture(registry, version), undefined, 2)}\n`;
    await Bun.write(new URL(fixtureNameOf(version), folder), text);
  }
}
const read = async (name: string): Promise<[string, EventFixture]> => [
  name,
  await Bun.file(new URL(name, folder)).json(),
];
const fixtures = new Map(await Promise.all(readdirSync(folder).map(read)));

test('every event that any version of this build stored can be read, in the shape that it had', () => {
  expect(fixtures.size).toBeGreaterThan(40);
  expect(eventVersionsOf(registry).some(({ event, version }) => version < event.version)).toBe(true);
  // "has no fixture" of a new version: KF_WRITE_EVENT_FIXTURES=1 with this test writes it. Nothing else is ever written.
  expect(fixtureProblems(registry, fixtures)).toEqual([]);
});

describe('it does not go unnoticed', () => {
  const first = v.strictObject({ name: v.string() });
  const define = (
    version: number,
    data: v.GenericSchema<unknown, { name: string }>,
    upcast?: (stored: unknown) => unknown,
  ) =>
    createRegistry([
      defineFeature({
        name: 'sample',
        commands: [],
        queries: [],
        entities: [],
        agentSurface: { summary: 'A sample.' },
        events: [
          defineEvent({
            type: 'sample.thing.named',
            version,
            data,
            ...(upcast ? { past: [pastVersion({ version: 1, data: first, upcast })] } : {}),
            touches: () => [],
          }),
        ],
      }),
    ]);
  const original = define(1, first);
  const kept = new Map(eventVersionsOf(original).map((one) => [fixtureNameOf(one), makeFixture(original, one)]));
  const second = v.strictObject({ name: v.string(), size: v.number() });
  const upcast = (stored: unknown) => ({ ...(stored as { name: string }), size: 1 });

  test('while nothing is wrong, nothing is said', () => {
    expect(fixtureProblems(original, kept)).toEqual([]);
  });

  test.each([
    ['a new version without a fixture', define(2, second, upcast), ['sample.thing.named.v2.json: has no fixture']],
    [
      'another shape under the same version',
      define(1, second),
      ['sample.thing.named.v1.json: the shape changed and the version was not raised'],
    ],
    [
      'a type that is gone',
      createRegistry([]),
      ['sample.thing.named.v1.json: this build cannot read that version any more'],
    ],
  ])('%s', (_, changed, problems) => {
    expect(fixtureProblems(changed, kept)).toEqual(problems);
  });

  test('an upcaster that makes something else than the next version', () => {
    const wrong = define(2, second, () => ({ name: 'x' }));
    const newest = eventVersionsOf(wrong).filter(({ version }) => version === 2);
    const grown = newest.map((one) => [fixtureNameOf(one), makeFixture(wrong, one)] as const);
    expect(fixtureProblems(wrong, new Map([...kept, ...grown]))).toEqual([
      expect.stringContaining('sample.thing.named.v1.json: cannot be read'),
    ]);
  });
});

test('a shape that accepts more, less or other values is described otherwise', () => {
  const shapes = [
    v.strictObject({ a: v.string() }),
    v.object({ a: v.string() }),
    v.strictObject({ a: v.optional(v.string()) }),
    v.strictObject({ a: v.nullable(v.string()) }),
    v.strictObject({ a: v.string(), b: v.string() }),
    v.strictObject({ b: v.string() }),
    v.strictObject({ a: v.pipe(v.string(), v.maxLength(5)) }),
    v.strictObject({ a: v.pipe(v.string(), v.maxLength(6)) }),
    v.strictObject({ a: v.pipe(v.string(), v.regex(/^a$/)) }),
    v.strictObject({ a: v.array(v.string()) }),
    v.strictObject({ a: v.array(v.number()) }),
    v.strictObject({ a: v.record(v.string(), v.string()) }),
    v.strictObject({ a: v.picklist(['X']) }),
    v.strictObject({ a: v.picklist(['X', 'Y']) }),
    v.strictObject({ a: v.literal('X') }),
    v.strictObject({ a: v.union([v.string(), v.number()]) }),
  ];
  const described = shapes.map((shape) => JSON.stringify(describeShape(shape)));
  expect(new Set(described).size).toBe(shapes.length);
  expect(() => describeShape(v.custom(() => true))).toThrow('cannot be described');
  // Messages and examples are for people: others accept the same.
  expect(describeShape(v.pipe(v.string(), v.minLength(1, 'one'), v.examples(['a'])))).toEqual(
    describeShape(v.pipe(v.string(), v.minLength(1, 'other'))),
  );
});
