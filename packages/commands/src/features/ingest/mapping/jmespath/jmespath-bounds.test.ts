import { describe, expect, test } from 'bun:test';
import { ingestBounds } from '../../ingest-bounds.ts';
import { evaluationOf } from '../evaluate.ts';
import { tooLarge } from '../evaluated.ts';
import type { Expression } from '../expression.ts';
import { mapMessage } from '../map-message.ts';
import { parseMapping } from '../mapping-document.ts';
import { jmespathAt, parseJmespath } from './parse-jmespath.ts';

const evaluate = (expression: Expression, body: unknown) =>
  evaluationOf({ body, header: () => null, lookUp: () => null }).evaluate(expression);
const problemOf = (jmespath: string, body: unknown): string => {
  const evaluated = evaluate({ jmespath }, body);
  return evaluated.ok ? `no problem: ${typeof evaluated.value}` : evaluated.problem;
};
const refusal = (source: string): string => {
  const parsed = parseJmespath(source);
  return parsed.ok ? '' : parsed.problem;
};
const times = (count: number, part: string, by: string): string => Array.from({ length: count }, () => part).join(by);
const filled = <Element>(length: number, element: Element): Element[] => Array.from({ length }, () => element);

describe('an expression is judged when it is set:', () => {
  test('its characters, before anything is parsed', () => {
    const { jmespathCharacters } = ingestBounds;
    expect(refusal('['.repeat(50_000))).toBe(`must have at most ${jmespathCharacters} characters`);
    expect(refusal('a'.repeat(jmespathCharacters))).toBe('');
    expect(refusal('a'.repeat(jmespathCharacters + 1))).toContain('characters');
    expect(refusal('['.repeat(jmespathCharacters))).toContain('is not JMESPath: Syntax error');
  });

  test('its parts and levels', () => {
    const { jmespathNodes, jmespathDepth } = ingestBounds;
    expect(refusal(`[${times(jmespathNodes - 1, 'a', ',')}]`)).toBe('');
    expect(refusal(`[${times(jmespathNodes, 'a', ',')}]`)).toBe(`must have at most ${jmespathNodes} parts`);
    expect(refusal(times(jmespathDepth, '@', '|'))).toBe('');
    expect(refusal(times(jmespathDepth + 1, '@', '|'))).toBe(`must have at most ${jmespathDepth} levels`);
  });

  test.each([
    ["pad_left(a, `1000000000`, ' ')", 'the function pad_left, which is not offered. There are abs,'],
    ['group_by(a, &b)', 'group_by'],
    ['constructor(a)', 'constructor'],
    ['abs(a, b)', 'abs with 2 arguments; it takes a number'],
    ['merge()', 'merge with 0 arguments'],
    ['map(a, b)', 'map without & before its argument 1'],
    ['&a', '& where no function takes an expression'],
    ['abs(&a)', '& where no function takes an expression'],
    ['let $a = b in $a', 'let or a variable'],
    ['$a', 'let or a variable'],
    ["lines[?sku = 'a']", '= where == compares'],
    ['a[--]', 'an index that is no number'],
    ['a[::0]', 'a step of 0'],
    ['a[0:--]', 'a slice of what are no numbers'],
    ['', 'is not JMESPath: Syntax error'],
    ['a.', 'is not JMESPath: Syntax error'],
    ['a # b', 'is not JMESPath: Syntax error: unknown character: #'],
    ['`{`', 'is not JMESPath: Syntax error'],
  ])('%j', (source, problem) => {
    expect(refusal(source)).toContain(problem);
  });

  test('wherever it stands in a mapping, which names the place', () => {
    const wrong = { jmespath: 'a[' };
    const parsed = parseMapping({
      rules: [
        {
          when: [{ is: { text: wrong }, equals: 'x' }],
          command: 'inventory.adjust',
          subject: wrong,
          input: { object: { lines: { each: wrong, of: { variant: wrong } }, reason: { table: {}, key: wrong } } },
          setLevel: { quantity: 'available', to: { whole: wrong } },
        },
      ],
    });
    const places = ['when.0.is.text', 'subject', 'input.object.lines.each', 'input.object.lines.of.variant'];
    const all = [...places, 'input.object.reason.key', 'setLevel.to.whole'];
    expect(parsed).toEqual({
      ok: false,
      problems: all.map((place) => `rules.0.${place}.jmespath: is not JMESPath: Syntax error: expected Star, got: EOF`),
    });
    expect(parseMapping({ rules: [{ when: [], command: 'a.b', input: { jmespath: 'a', or: 'b' } }] }).ok).toBe(false);
  });

  test('once, and so is what stands within conditions, however deep', () => {
    const place = { jmespath: 'a' };
    expect(jmespathAt(place)).toBe(jmespathAt(place));
    let reads = 0;
    let condition: unknown = {
      is: {
        get at() {
          reads += 1;
          return '/a';
        },
      },
      present: true,
    };
    const levels = 5;
    for (let level = 0; level < levels; level += 1) {
      condition = { is: { each: '/l', of: { value: 1 }, when: [condition] }, present: true };
    }
    expect(parseMapping({ rules: [{ when: [condition], ignore: true }] }).ok).toBe(true);
    // Looked at by the measure and by the alternatives of a rule and of an expression: not by each of two at each level.
    expect(reads).toBeLessThan(2 ** levels);
    expect(reads).toBeGreaterThan(0);
  });
});

describe('an evaluation costs a bounded number of steps:', () => {
  const { evaluationSteps, unitsPerStep } = ingestBounds;
  const beyond = evaluationSteps * unitsPerStep + unitsPerStep;
  const megabyte = 'a'.repeat(1_000_000);

  test('each visit', () => {
    expect(problemOf(`[*].[${times(200, 'a', ',')}]`, filled(100, { a: 1 }))).toBe(tooLarge);
  });

  test('the width of each result, also of one that is a text', () => {
    expect(problemOf('length(l)', { l: Array.from({ length: beyond }) })).toBe(tooLarge);
    expect(problemOf("starts_with(t, 'b')", { t: megabyte })).toBe(tooLarge);
    const object = Object.fromEntries(filled(2_000, 0).map((_, index) => [`m${index}`, 1]));
    // Whether an object is empty is asked of each element again.
    expect(problemOf('l[?$.o] | length(@)', { l: filled(100, 1), o: object })).not.toBe(tooLarge);
    expect(problemOf('l[?$.o] | length(@)', { l: filled(200, 1), o: object })).toBe(tooLarge);
  });

  test('lists that double', () => {
    expect(problemOf(times(18, '[@[], @[]][]', ' | '), [1])).toBe(tooLarge);
    expect(problemOf(times(9, '[@[], @[]][]', ' | '), [1])).toContain('no problem');
  });

  test('flattening, before it is done', () => {
    // Holes, of which a list without end can be made here.
    expect(problemOf('@[]', [Array.from({ length: 1 }), Object.assign([], { length: beyond })])).toBe(tooLarge);
  });

  test('what leaves, as the tree that it is', () => {
    const doubled = times(20, '[@, @]', ' | ');
    expect(problemOf(doubled, 1)).toBe(tooLarge);
    expect(problemOf(`length(${times(20, '[@, @]', ' | ')})`, 1)).toContain('no problem');
    const listed = evaluate({ each: { jmespath: doubled }, of: { item: '' } }, 1);
    expect(listed).toEqual({ ok: false, problem: expect.stringContaining(tooLarge) });
    // One text or name in many places: it is as long in each.
    expect(problemOf('@', filled(50, 'a'.repeat(20_000)))).toBe(tooLarge);
    expect(problemOf('@', filled(50, { ['a'.repeat(20_000)]: 1 }))).toBe(tooLarge);
    expect(problemOf(times(25, '[@]', ' | '), filled(1, 1))).toContain('no problem');
    let deep: unknown = 1;
    for (let level = 0; level <= ingestBounds.jmespathResultDepth; level += 1) deep = [deep];
    expect(problemOf('@', deep)).toContain('nested too deeply');
    expect(problemOf('to_string(@)', deep)).toContain('nested too deeply');
  });

  test('equality, of what was shared or is long', () => {
    const shared = (): unknown => {
      let value: unknown = [1];
      for (let level = 0; level < 20; level += 1) value = [value, value];
      return value;
    };
    expect(problemOf('[0] == [1]', [shared(), shared()])).toBe(tooLarge);
    expect(problemOf('[0] == [1]', [[megabyte], [`${megabyte.slice(1)}a`]])).toBe(tooLarge);
    const wide = [Object.fromEntries(filled(5_000, 0).map((_, index) => [`m${index}`, 1]))];
    expect(problemOf('l[?@ == $.other]', { l: filled(200, wide), other: [{}] })).toBe(tooLarge);
  });

  test('texts, before they are made', () => {
    // Longer than a text can be: made all the same, it would be another problem.
    const long = 'a'.repeat(300_000);
    expect(problemOf("join('', @)", filled(8_192, long))).toBe(tooLarge);
    expect(problemOf('join(g, l)', { g: long, l: filled(8_192, '') })).toBe(tooLarge);
    const body = { text: 'a'.repeat(100_000), by: 'b'.repeat(30_000) };
    expect(problemOf("replace(text, 'a', by)", body)).toBe(tooLarge);
  });

  test('searching within a text', () => {
    const body = { text: 'a'.repeat(10_000), searched: `${'a'.repeat(5_000)}b` };
    expect(problemOf('contains(text, searched)', body)).toBe(tooLarge);
    expect(problemOf('split(text, searched)', body)).toBe(tooLarge);
    expect(problemOf("replace(text, searched, '')", body)).toBe(tooLarge);
    expect(problemOf("contains(text, 'aab')", body)).toContain('no problem');
  });

  test('sorting', () => {
    expect(
      problemOf(
        'sort(@) | length(@)',
        Array.from({ length: 60_000 }, (_, index) => (index * 7_919) % 60_000),
      ),
    ).toBe(tooLarge);
    const texts = Array.from({ length: 1_000 }, (_, index) => `${'a'.repeat(5_000)}${index % 7}`);
    expect(problemOf('sort(@) | length(@)', texts)).toBe(tooLarge);
    expect(problemOf('max(@)', texts)).toBe(tooLarge);
  });

  test('of one budget for all expressions of a message', () => {
    const part: Expression = { jmespath: '[*].a | length(@)' };
    const body = filled(500, { a: 1 });
    expect(evaluate(part, body)).toEqual({ ok: true, value: 500 });
    const many = Object.fromEntries(filled(30, 0).map((_, index) => [`m${index}`, part]));
    expect(evaluate({ object: many }, body)).toEqual({ ok: false, problem: tooLarge });
  });

  test('and no element is left out for what its conditions cost', () => {
    const costly = { is: { jmespath: `[${times(200, '@', ',')}] | length(@)` }, equals: 200 };
    const expression: Expression = { each: '', when: [costly], of: { value: 1 } };
    expect(evaluate(expression, filled(10, 1))).toEqual({ ok: true, value: filled(10, 1) });
    expect(evaluate(expression, filled(ingestBounds.elements, 1))).toEqual({ ok: false, problem: tooLarge });
  });

  test('and no rule is passed over for what its conditions cost', () => {
    const costly = { is: { jmespath: times(18, '[@[], @[]][]', ' | ') }, present: true };
    const parsed = parseMapping({
      rules: [
        { when: [costly], ignore: true },
        { when: [], command: 'a.b', input: { object: {} } },
      ],
    });
    if (!parsed.ok) throw new Error(parsed.problems.join());
    const outcome = (body: string) =>
      mapMessage(parsed.mapping, { body: new TextEncoder().encode(body), header: () => null });
    expect(outcome('[]')).toEqual({ kind: 'ignored' });
    expect(outcome('{}')).toMatchObject({ kind: 'ignored' });
    expect(outcome('[1]')).toMatchObject({ kind: 'unprocessable', reason: 'shape_mismatch', detail: tooLarge });
  });
});
