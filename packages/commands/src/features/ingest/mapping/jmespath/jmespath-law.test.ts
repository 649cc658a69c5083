import { expect, setDefaultTimeout, test } from 'bun:test';
import { type JSONValue, search } from '@jmespath-community/jmespath';
import fc from 'fast-check';
import { evaluationOf } from '../evaluate.ts';

setDefaultTimeout(60_000);

/** In each text of a message and in no expression: found in a problem, it would be the message's. */
const mark = 'Ω';

const bodies = fc.letrec<{ value: JSONValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.integer({ min: -5, max: 5 }),
      fc.string({ maxLength: 2 }).map((text) => mark + text),
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
  ),
})).value;

const functions = 'abs avg ceil floor keys length reverse sum to_array to_string type values lower upper'.split(' ');

/**
 * Texts of expressions, most of which parse. Left out is where the library leaves the specification: the order of texts and
 * of numbers in `sort`, `max_by` of texts, `to_number` of what is no number, `merge` with what is no object.
 */
const expressions = fc.letrec<{ expression: string }>((tie) => {
  const one = tie('expression');
  const two = fc.tuple(one, one);
  return {
    expression: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom('a', 'b', 'c', '@', '$', '`1`', '`true`', '`[1, [2]]`', '`{"a": 1}`', "'x'", '*', '[]'),
      one.map((of) => `(${of})`),
      fc.tuple(one, fc.constantFrom('.a', '[0]', '[-1]', '[]', '[*]', '.*', '[1:]', '[::-1]')).map((ab) => ab.join('')),
      fc.tuple(one, one).map(([of, condition]) => `${of}[?${condition}]`),
      fc
        .tuple(one, fc.constantFrom(' || ', ' && ', ' == ', ' != ', ' < ', ' >= ', ' | ', ' + ', ' % '), one)
        .map((parts) => parts.join('')),
      fc.tuple(fc.constantFrom('!', '-'), one).map(([sign, of]) => `${sign}(${of})`),
      fc.tuple(one, one, one).map(([condition, then, otherwise]) => `(${condition}) ? (${then}) : (${otherwise})`),
      two.map(([left, right]) => `[${left}, ${right}]`),
      two.map(([left, right]) => `{a: ${left}, b: ${right}}`),
      fc.tuple(fc.constantFrom(...functions), one).map(([name, of]) => `${name}(${of})`),
      two.map(([by, list]) => `map(&${by}, ${list})`),
      two.map(([left, right]) => `not_null(${left}, ${right})`),
      two.map(([left, right]) => `merge({a: ${left}}, {b: ${right}})`),
      one.map((list) => `join('-', ${list})`),
      one.map((within) => `contains(${within}, 'x')`),
      one.map((text) => `starts_with(${text}, 'x')`),
    ),
  };
}).expression;

/** Ours alone: a budget, sizes, and numbers that are not JSON's. */
const bound = /too large|must have at most|nested too deeply|number that JSON|has & where/;

test('an expression gives what the library gives, or names a bound; and what the library throws is a problem', () => {
  const seen = { values: 0, problems: 0 };
  fc.assert(
    fc.property(bodies, expressions, (body, jmespath) => {
      const evaluate = () =>
        evaluationOf({ body, header: () => null, lookUp: () => null }).evaluate({ jmespath, optional: true });
      const ours = evaluate();
      expect(evaluate()).toEqual(ours);
      if (!ours.ok) {
        seen.problems += 1;
        expect(ours.problem).not.toContain(mark);
        if (!bound.test(ours.problem)) expect(() => search(body, jmespath)).toThrow();
        return;
      }
      seen.values += 1;
      expect(ours.value ?? null).toEqual(search(body, jmespath));
    }),
    { numRuns: 1_000 },
  );
  expect(seen.values).toBeGreaterThan(100);
  expect(seen.problems).toBeGreaterThan(10);
});
