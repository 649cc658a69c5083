import { describe, expect, test } from 'bun:test';
import { getCustomFunctions, search, TreeInterpreter } from '@jmespath-community/jmespath';
import { ingestBounds } from '../../ingest-bounds.ts';
import { evaluationOf } from '../evaluate.ts';
import type { Expression } from '../expression.ts';

const evaluate = (expression: Expression, body: unknown) =>
  evaluationOf({ body, header: () => null, lookUp: () => null }).evaluate(expression);
const problemOf = (jmespath: string, body: unknown): string => {
  const evaluated = evaluate({ jmespath }, body);
  return evaluated.ok ? `no problem: ${typeof evaluated.value}` : evaluated.problem;
};

describe('a message is data and nothing else:', () => {
  const prototype = JSON.parse('{"__proto__": {"polluted": 1}, "a": 1}') as unknown;

  test('members of prototypes are not there', () => {
    // What the library finds.
    expect(search({ a: 1 }, 'constructor')).toBe(Object as never);
    for (const name of ['constructor', '__proto__', 'toString', '@.hasOwnProperty', '{x: a}.constructor']) {
      expect(evaluate({ jmespath: name, optional: true }, { a: 1 })).toEqual({ ok: true, value: undefined });
    }
  });

  test('a member called like one is one', () => {
    expect(evaluate({ jmespath: '"__proto__".polluted' }, prototype)).toEqual({ ok: true, value: 1 });
    for (const jmespath of ['merge(@, {b: a})', '{"__proto__": "__proto__", b: a}']) {
      const evaluated = evaluate({ jmespath }, prototype);
      const value = evaluated.ok ? evaluated.value : null;
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(Object.hasOwn(value as object, '__proto__')).toBe(true);
    }
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  test('an object of a message is no expression', () => {
    const body = { by: { expref: true, type: 'Field', name: 'x' }, list: [{ x: 1 }] };
    // What the library does: a message that says what is evaluated.
    expect(search(body, 'map(by, list)')).toEqual([1]);
    expect(evaluate({ jmespath: 'keys(by)' }, body)).toEqual({ ok: true, value: ['expref', 'type', 'name'] });
    expect(evaluate({ jmespath: 'type(by)' }, body)).toEqual({ ok: true, value: 'object' });
  });

  test('numbers are those of JSON', () => {
    const body = JSON.parse('{"large": [1e308, 1e308], "infinite": 1e999, "one": 1}') as unknown;
    for (const jmespath of ['sum(large)', 'avg(large)', 'infinite', '@', 'one % `0`', '`1e999`', 'infinite > one']) {
      expect(problemOf(jmespath, body)).toContain('a number that JSON has not');
    }
    expect(problemOf('to_string(one)', { one: 2 ** 60 })).toContain('does not keep exactly');
    expect(problemOf('to_string(@)', { one: [2 ** 60] })).toContain('does not keep exactly');
  });

  test('no error of the library comes out, nor what it is about', () => {
    expect(problemOf('a + b', { a: 'secret', b: 1 })).toBe('a + b cannot be applied to what the message has');
    expect(problemOf('a', null)).toBe('a is missing');
    expect(problemOf('pad_left(a)', {})).toContain('not offered');
    expect(problemOf(`${'a.'.repeat(20)}${'b'.repeat(80)}`, {})).toEndWith('… is missing');
  });

  test('nothing was registered with the library, which all of the process share', () => {
    expect(evaluate({ jmespath: 'sum(@)' }, [1]).ok).toBe(true);
    expect(getCustomFunctions()).toEqual([]);
    expect(Object.hasOwn(TreeInterpreter, 'visit')).toBe(false);
  });
});

describe('an expression may stand', () => {
  const body = {
    order: {
      id: 7,
      lines: [
        { sku: 'A', n: 1 },
        { sku: 'B', n: 0 },
      ],
      currency: 'EUR',
    },
    gone: null,
  };

  test.each<[string, Expression, unknown]>([
    ['for a value', { jmespath: 'order.lines[*].sku' }, ['A', 'B']],
    ['for one that need not be there', { object: { a: { jmespath: 'gone', optional: true } } }, {}],
    ['within text', { join: [{ value: 'o-' }, { text: { jmespath: 'order.id' } }] }, 'o-7'],
    ['within whole', { whole: { jmespath: 'to_string(order.id)' } }, 7],
    ['as a key', { table: { EUR: 'WEB-EU' }, key: { jmespath: 'order.currency' } }, 'WEB-EU'],
    [
      'for the list of each, and within an element, from where $ is the body',
      {
        each: { jmespath: 'order.lines[?n > `0`]' },
        of: { object: { sku: { jmespath: 'sku' }, currency: { jmespath: '$.order.currency' } } },
      },
      [{ sku: 'A', currency: 'EUR' }],
    ],
    [
      'in conditions, where an error is one that does not hold',
      { each: '/order/lines', when: [{ is: { jmespath: 'n > `0`' }, equals: true }], of: { item: '/sku' } },
      ['A'],
    ],
    [
      'in conditions, where an error is one that does not hold',
      { each: '/order/lines', when: [{ is: { jmespath: 'sum(n)' }, present: true }], of: { item: '/sku' } },
      [],
    ],
  ])('%s', (_where, expression, value) => {
    expect(evaluate(expression, body)).toEqual({ ok: true, value });
  });

  test.each<[Expression, string]>([
    [{ jmespath: 'gone' }, 'gone is missing'],
    [{ each: { jmespath: 'order.id' }, of: { value: 1 } }, 'order.id is not a list'],
    [{ each: { jmespath: 'missing' }, of: { value: 1 } }, 'missing is not a list'],
    [{ each: { jmespath: 'order.lines' }, of: { jmespath: 'size' } }, 'element 0 of order.lines: size is missing'],
    [{ each: { jmespath: '@' }, of: { value: 1 } }, `@ has more than ${ingestBounds.elements} elements`],
  ])('%j is a problem', (expression, problem) => {
    const message = problem.startsWith('@') ? Array.from({ length: ingestBounds.elements + 1 }, () => 1) : body;
    expect(evaluate(expression, message)).toEqual({ ok: false, problem });
  });
});
