import { describe, expect, test } from 'bun:test';
import { evaluationOf } from '../evaluate.ts';

/** What an expression gives; null where it finds nothing. */
function search(body: unknown, jmespath: string): unknown {
  const { evaluate } = evaluationOf({ body, header: () => null, lookUp: () => null });
  const evaluated = evaluate({ jmespath, optional: true });
  if (!evaluated.ok) throw new Error(evaluated.problem);
  return evaluated.value ?? null;
}

const shop = {
  name: 'mugs',
  lines: [
    { sku: 'MUG-1', quantity: 2, ships: true, tags: ['new', 'red'] },
    { sku: 'GIFT', quantity: 1, ships: false, tags: [] },
    { sku: 'MUG-2', quantity: 3, ships: true, tags: ['old'] },
  ],
  stock: { north: { level: 4 }, south: { level: 9 } },
  nested: [[0, 1], 2, [3, [4]]],
  'with-dash': 5,
  none: null,
};

describe('what the JMESPath specification says of', () => {
  test.each<[string, string, unknown]>([
    ['identifiers', 'name', 'mugs'],
    ['identifiers', '"with-dash"', 5],
    ['identifiers', 'missing', null],
    ['identifiers', 'none', null],
    ['subexpressions', 'stock.north.level', 4],
    ['subexpressions', 'name.level', null],
    ['indexes', 'lines[0].sku', 'MUG-1'],
    ['indexes', 'lines[-1].sku', 'MUG-2'],
    ['indexes', 'lines[9]', null],
    ['indexes', 'stock[0]', null],
    ['slices', 'nested[1:]', [2, [3, [4]]]],
    ['slices', 'lines[::-1].quantity', [3, 1, 2]],
    ['slices', 'lines[:2].sku', ['MUG-1', 'GIFT']],
    ['list projections', 'lines[*].quantity', [2, 1, 3]],
    ['list projections that leave null out', 'lines[*].tags[0]', ['new', 'old']],
    ['list projections of what is no list', 'name[*]', null],
    ['object projections', 'stock.*.level', [4, 9]],
    ['flattening, by one level', 'nested[]', [0, 1, 2, 3, [4]]],
    ['flattening', 'lines[].tags[]', ['new', 'red', 'old']],
    ['filters', 'lines[?ships].sku', ['MUG-1', 'MUG-2']],
    ['filters', 'lines[?quantity > `1` && !ships]', []],
    ['filters', "lines[?sku == 'GIFT'] | [0].quantity", 1],
    ['comparisons of what has no order', 'name < `1`', null],
    ['equality', 'stock.north == {level: `4`}', true],
    ['equality', 'nested[0] != `[0, 1]`', false],
    ['or', 'missing || name', 'mugs'],
    ['or', 'lines[1].tags || name', 'mugs'],
    ['and', 'name && missing', null],
    ['not', '!missing', true],
    ['not', '!`0`', false],
    ['parentheses', '(missing || name) && `1`', 1],
    ['pipes', 'lines[*].sku | [0]', 'MUG-1'],
    ['lists of several', '[name, stock.north.level]', ['mugs', 4]],
    ['objects of several', 'lines[0].{s: sku, q: quantity}', { s: 'MUG-1', q: 2 }],
    ['objects of several, null kept', '{a: missing}', { a: null }],
    ['raw texts', "'a\\'b'", "a'b"],
    ['literals', '`{"a": [1, null]}`', { a: [1, null] }],
    ['the current value', 'nested[0] | @', [0, 1]],
    ['the root (JEP 17)', 'lines[?quantity == $.stock.north.level]', []],
    ['the root (JEP 17)', 'lines[0].[sku, $.name]', ['MUG-1', 'mugs']],
    ['arithmetic (JEP 16)', 'lines[0].quantity + stock.south.level', 11],
    ['texts by places (JEP 15)', 'name[0:2]', 'mu'],
  ])('%s: %s', (_of, expression, result) => {
    expect(search(shop, expression)).toEqual(result);
  });

  const given = {
    minus: -1,
    numbers: [-1, 3, 10, 4],
    decimals: [1.01, -1.5],
    texts: ['b', 'a', '\u{1F600}', '\uFFFD'],
    people: [
      { name: 'c', age: 30 },
      { name: 'a', age: 5 },
      { name: 'b', age: 30 },
    ],
    text: 'a,b,,c',
    empty: '',
    object: { foo: 'bar', more: 1 },
    none: [],
  };
  test.each<[string, unknown]>([
    ['abs(minus)', 1],
    ['avg(numbers)', 4],
    ['avg(none)', null],
    ['ceil(decimals[0])', 2],
    ['floor(decimals[1])', -2],
    ["contains(text, 'b,')", true],
    ['contains(numbers, `3`)', true],
    ['contains(people, people[1])', true],
    ["contains(texts, 'z')", false],
    ["starts_with(text, 'a,')", true],
    ["ends_with(text, 'b')", false],
    ["join('-', texts[:2])", 'b-a'],
    ['keys(object)', ['foo', 'more']],
    ['values(object)', ['bar', 1]],
    ['length(text)', 6],
    ['length(texts[2])', 1],
    ['length(object)', 2],
    ['map(&age, people)', [30, 5, 30]],
    ['map(&missing, people)', [null, null, null]],
    ['max(numbers)', 10],
    ['min(numbers)', -1],
    ['max(none)', null],
    // By code points: the smiling face comes after U+FFFD, though its first half comes before.
    ['max(texts)', '\u{1F600}'],
    ['min(texts)', 'a'],
    ['max_by(people, &name).age', 30],
    ['max_by(people, &age).name', 'c'],
    ['min_by(people, &age).name', 'a'],
    ['min_by(none, &age)', null],
    ['merge(object, {more: `2`, less: `0`})', { foo: 'bar', more: 2, less: 0 }],
    ['not_null(missing, none, object)', []],
    ['reverse(numbers)', [4, 10, 3, -1]],
    ['reverse(texts[2])', '\u{1F600}'],
    ['sort(numbers)', [-1, 3, 4, 10]],
    ['sort(texts)', ['a', 'b', '\uFFFD', '\u{1F600}']],
    ['sort_by(people, &age)[*].name', ['a', 'c', 'b']],
    ['sort_by(people, &name)[*].age', [5, 30, 30]],
    ['sum(numbers)', 16],
    ['sum(none)', 0],
    ['to_array(minus)', [-1]],
    ['to_array(none)', []],
    ["to_number('1.5e1')", 15],
    ['to_number(empty)', null],
    ["to_number('0x10')", null],
    ['to_number(object)', null],
    ['to_string(object)', '{"foo":"bar","more":1}'],
    ['to_string(text)', 'a,b,,c'],
    ['type(none)', 'array'],
    ['type(missing)', 'null'],
    ['lower(upper(text))', 'a,b,,c'],
    ["trim('  a b ')", 'a b'],
    ["split(text, ',')", ['a', 'b', '', 'c']],
    ["split('ab', '')", ['a', 'b']],
    ["replace(text, ',', ';')", 'a;b;;c'],
  ])('functions: %s', (expression, result) => {
    expect(search(given, expression)).toEqual(result);
  });

  test.each([
    ['abs(text)', 'abs(text): argument 1 of abs is not a number'],
    ['sum(texts)', 'sum(texts): argument 1 of sum is not a list of numbers'],
    ['max([minus, text])', 'argument 1 of max is not a list of numbers or of texts'],
    ['length(minus)', 'argument 1 of length is not a text, a list or an object'],
    ['merge(object, none)', 'argument 2 of merge is not an object'],
    ['sort_by(people, &object)', 'neither always a number nor always a text'],
    ['text + minus', 'text + minus cannot be applied to what the message has'],
    ['minus / `0`', 'cannot be applied'],
  ])('arguments of another kind: %s is a problem that names no value', (expression, problem) => {
    expect(() => search(given, expression)).toThrow(problem);
  });
});
