import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { ingestBounds } from '../ingest-bounds.ts';
import { evaluationOf } from './evaluate.ts';
import type { Expression } from './expression.ts';
import { mapMessage } from './map-message.ts';
import type { MessageIds } from './message-reading.ts';
import { commandTypesOf, type Mapping, parseMapping } from './mapping-document.ts';

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const noHeader = (): null => null;
const evaluate = (expression: Expression, body: unknown, header: (name: string) => string | null = noHeader) =>
  evaluationOf({ body, header, lookUp: (kind, name) => `${kind}:${name}` }).evaluate(expression);
const valueOf = (expression: Expression, body: unknown): unknown => {
  const evaluated = evaluate(expression, body);
  if (!evaluated.ok) throw new Error(evaluated.problem);
  return evaluated.value;
};

function mappingOf(document: unknown): Mapping {
  const parsed = parseMapping(document);
  if (!parsed.ok) throw new Error(parsed.problems.join());
  return parsed.mapping;
}

describe('an expression', () => {
  const body = { a: { 'b/c': [1, '2', null, true] }, text: 'x', big: 2 ** 60, 'ti~lde': 7 };

  test.each<[Expression, unknown]>([
    [{ value: 3 }, 3],
    [{ at: '/text' }, 'x'],
    [{ at: '/a/b~1c/0' }, 1],
    [{ at: '/ti~0lde' }, 7],
    [{ at: '/a/b~1c/2', optional: true }, undefined],
    [{ at: '/nowhere', optional: true }, undefined],
    [{ text: { at: '/a/b~1c/0' } }, '1'],
    [{ whole: { at: '/a/b~1c/1' } }, 2],
    [{ join: [{ value: 'order-' }, { text: { at: '/a/b~1c/0' } }] }, 'order-1'],
    [{ table: { x: 'y' }, key: { at: '/text' } }, 'y'],
    [{ table: {}, key: { at: '/text' }, otherwise: { value: 'none' } }, 'none'],
    [{ object: { one: { value: 1 }, gone: { at: '/no', optional: true } } }, { one: 1 }],
    [{ variant: { at: '/text' } }, 'variant:x'],
    [{ reservation: { at: '/text' } }, 'reservation:x'],
  ])('%j', (expression, value) => {
    expect(valueOf(expression, body)).toEqual(value);
  });

  test.each<[string, Expression, string]>([
    ['a place that is missing', { at: '/no' }, '/no is missing'],
    ['a place that has null', { at: '/a/b~1c/2' }, 'is missing'],
    ['a member of every object', { at: '/toString' }, 'is missing'],
    ['the length of a list', { at: '/a/b~1c/length' }, 'is missing'],
    ['a number that was rounded', { text: { at: '/big' } }, 'exactly'],
    ['a text that is no number', { whole: { at: '/text' } }, 'not a whole number'],
    ['a boolean as text', { text: { at: '/a/b~1c/3' } }, 'neither a text'],
    ['a table without an entry', { table: {}, key: { at: '/text' } }, 'a table has nothing'],
    ['an entry of every table', { table: {}, key: { value: 'constructor' } }, 'a table has nothing'],
    ['a list that is none', { each: '/text', of: { value: 1 } }, 'not a list'],
    ['a name that is no text', { variant: { at: '/a/b~1c/0' } }, 'the name of a variant'],
  ])('%s is a problem', (_what, expression, problem) => {
    const evaluated = evaluate(expression, body);
    expect(evaluated.ok ? '' : evaluated.problem).toContain(problem);
  });

  test('of each element of a list, those that do not hold left out', () => {
    const list = [
      { n: 1, keep: true },
      { n: 2, keep: false },
      { n: 3, keep: true },
    ];
    const expression: Expression = {
      each: '/list',
      when: [{ is: { item: '/keep' }, equals: true }],
      of: { item: '/n' },
    };
    expect(valueOf(expression, { list })).toEqual([1, 3]);
    const broken = evaluate(expression, { list: [{ keep: true }] });
    expect(broken.ok ? '' : broken.problem).toBe('/list/0: /n is missing');
  });

  test('costs a bounded number of steps, whatever the message', () => {
    const long = Array.from({ length: ingestBounds.elements + 1 }, () => 1);
    expect(evaluate({ each: '', of: { item: '' } }, long).ok).toBe(false);
    const wide: Expression = {
      each: '',
      of: { object: Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`f${index}`, { item: '' }])) },
    };
    const evaluated = evaluate(wide, long.slice(1));
    expect(evaluated.ok ? '' : evaluated.problem).toContain('too large');
  });

  test('never throws, whatever it is asked and whatever it is asked of', () => {
    const pointers = fc.constantFrom('', '/', '/a', '/a/0', '/~0', '/__proto__', '/constructor', '/length');
    const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 4 },
        pointers.map((at) => ({ at })),
        pointers.map((item) => ({ item })),
        fc
          .constantFrom('a', '@', '*', '@[]', 'sum(@)', 'keys(@)', 'a + b', '[@, $]', 'constructor', 'a[')
          .map((jmespath) => ({
            jmespath,
          })),
        fc.constant({ header: 'x-any' }),
        tie('expression').map((text) => ({ text })),
        tie('expression').map((whole) => ({ whole })),
        fc.array(tie('expression'), { maxLength: 3 }).map((join) => ({ join })),
        fc.tuple(pointers, tie('expression')).map(([each, of]) => ({ each, of })),
        tie('expression').map((of) => ({ each: { jmespath: '*' }, of })),
        fc.dictionary(fc.string(), tie('expression'), { maxKeys: 3 }).map((object) => ({ object })),
        tie('expression').map((key) => ({ table: { a: 'b' }, key })),
        tie('expression').map((variant) => ({ variant })),
      ),
    }));
    fc.assert(
      fc.property(expression, fc.jsonValue(), (one, message) => {
        const evaluated = evaluate(one, message);
        expect(evaluated.ok || evaluated.problem.length > 0).toBe(true);
      }),
    );
  });
});

describe('a mapping document', () => {
  const rule = {
    when: [{ is: { at: '/kind' }, equals: 'order' }],
    command: 'reservation.commit',
    input: { object: {} },
  };

  test('is a template or rules, and says which commands it can issue', () => {
    expect(commandTypesOf(mappingOf({ template: 'karmanflow' }))).toEqual(['reservation.create']);
    expect(commandTypesOf(mappingOf({ rules: [rule, { when: [], ignore: true }] }))).toEqual(['reservation.commit']);
    const shopify = mappingOf({ template: 'shopify', settings: { salesChannel: 'WEB', location: 'BER-1' } });
    expect(commandTypesOf(shopify)).toEqual(['reservation.create', 'reservation.cancel', 'inventory.adjust']);
  });

  test.each<[string, unknown]>([
    ['nothing', {}],
    ['an unknown template', { template: 'amazon' }],
    ['a template without its settings', { template: 'shopify' }],
    ['no rules', { rules: [] }],
    ['too many rules', { rules: Array.from({ length: ingestBounds.rules + 1 }, () => rule) }],
    ['a rule with a word too many', { rules: [{ ...rule, run: 'rm' }] }],
    ['code', { rules: [{ ...rule, input: { eval: '1' } }] }],
    ['JMESPath that does not parse', { rules: [{ ...rule, input: { jmespath: 'a[' } }] }],
    ['two expressions in one', { rules: [{ ...rule, input: { at: '/a', value: 1 } }] }],
    ['a pointer that is none', { rules: [{ ...rule, input: { at: 'a' } }] }],
    ['a command that is no name', { rules: [{ ...rule, command: 'DROP TABLE' }] }],
    ['a list', []],
    ['null', null],
  ])('%s is none', (_what, document) => {
    const parsed = parseMapping(document);
    expect(parsed.ok ? [] : parsed.problems.length > 0).toBe(true);
  });

  test('that is too deep or too large is refused before it is looked at', () => {
    let deep: unknown = { value: 1 };
    for (let level = 0; level < 50_000; level += 1) deep = { text: deep };
    expect(parseMapping({ rules: [{ ...rule, input: deep }] })).toEqual({
      ok: false,
      problems: ['The mapping is too large or too deep.'],
    });
    const table = { ['x'.repeat(200)]: 'y'.repeat(ingestBounds.mappingCharacters) };
    expect(parseMapping({ rules: [{ ...rule, input: { table, key: { value: 'x' } } }] }).ok).toBe(false);
  });
});

describe('mapMessage', () => {
  const shopify = mappingOf({
    template: 'shopify',
    settings: { salesChannel: 'WEB', location: 'BER-1', skus: { '9': 'MUG-1' } },
  });
  const topic = (text: string) => (name: string) => (name === 'x-shopify-topic' ? text : null);
  const ids: MessageIds = {
    variants: new Map([['MUG-1', 'var_1']]),
    locations: new Map([
      ['BER-1', 'loc_1'],
      ['7', 'loc_7'],
    ]),
    salesChannels: new Map([['WEB', 'chn_1']]),
    reservations: new Map([['gid://1', 'rsv_1']]),
  };

  test('names what it needs, and then becomes the command with ids in place of names', () => {
    const body = {
      admin_graphql_api_id: 'gid://1',
      line_items: [{ sku: 'MUG-1', quantity: 2, requires_shipping: true }],
    };
    const reading = mapMessage(shopify, { body: bytes(body), header: topic('orders/create') });
    if (reading.kind !== 'read') throw new Error(JSON.stringify(reading));
    expect(reading.names).toEqual({
      skus: ['MUG-1'],
      locationCodes: ['BER-1'],
      salesChannelCodes: ['WEB'],
      subjects: [],
    });
    expect(reading.toCommand(ids)).toEqual({
      kind: 'command',
      command: {
        commandType: 'reservation.create',
        subject: 'gid://1',
        setLevel: null,
        input: {
          salesChannelId: 'chn_1',
          reference: 'gid://1',
          lines: [{ variantId: 'var_1', locationId: 'loc_1', quantity: 2 }],
        },
      },
    });
    expect(reading.toCommand({ ...ids, variants: new Map() })).toMatchObject({
      kind: 'unprocessable',
      reason: 'name_unknown',
      unknown: { skus: ['MUG-1'] },
    });
  });

  test('levels: ids of the shop become ours by its tables, and the number is what the level is brought to', () => {
    const body = { inventory_item_id: 9, location_id: 7, available: 4 };
    const reading = mapMessage(shopify, { body: bytes(body), header: topic('inventory_levels/update') });
    if (reading.kind !== 'read') throw new Error(JSON.stringify(reading));
    expect(reading.toCommand(ids)).toMatchObject({
      command: {
        commandType: 'inventory.adjust',
        input: { variantId: 'var_1', locationId: 'loc_7' },
        setLevel: { quantity: 'available', to: 4 },
      },
    });
  });

  test('rules of a partner, in JMESPath: the example of docs/concepts/mappings.md', () => {
    const goods = "order.parcels[].items[?kind == 'goods'][]";
    const mapping = mappingOf({
      rules: [
        {
          when: [{ is: { jmespath: "event == 'fulfilment.requested'" }, equals: true }],
          command: 'reservation.create',
          subject: { text: { jmespath: 'order.number' } },
          input: {
            object: {
              salesChannelId: { salesChannel: { table: { DE: 'WEB' }, key: { jmespath: 'order.market' } } },
              reference: { join: [{ value: 'erp-' }, { text: { jmespath: 'order.number' } }] },
              lines: {
                each: { jmespath: goods },
                of: {
                  object: {
                    variantId: { variant: { jmespath: 'article' } },
                    locationId: { location: { jmespath: '$.order.warehouse' } },
                    quantity: { whole: { jmespath: 'pieces' } },
                  },
                },
              },
            },
          },
        },
      ],
    });
    const message = (items: readonly unknown[]) => ({
      event: 'fulfilment.requested',
      order: { number: 10_077, market: 'DE', warehouse: 'BER-1', parcels: [{ items }, { items: [] }] },
    });
    const wrapping = { article: 'WRAP', pieces: 1, kind: 'service' };
    const mug = { article: 'MUG-1', pieces: '2', kind: 'goods' };
    const read = (body: unknown) => mapMessage(mapping, { body: bytes(body), header: noHeader });
    const reading = read(message([wrapping, mug]));
    if (reading.kind !== 'read') throw new Error(JSON.stringify(reading));
    expect(reading.names).toMatchObject({ skus: ['MUG-1'], locationCodes: ['BER-1'], salesChannelCodes: ['WEB'] });
    expect(reading.toCommand(ids)).toMatchObject({
      command: {
        subject: '10077',
        input: {
          salesChannelId: 'chn_1',
          reference: 'erp-10077',
          lines: [{ variantId: 'var_1', locationId: 'loc_1', quantity: 2 }],
        },
      },
    });
    expect(read(message([{ article: 'MUG-1', kind: 'goods' }]))).toMatchObject({
      reason: 'shape_mismatch',
      detail: `element 0 of ${goods}: pieces is missing`,
    });
    expect(read({ event: 'order.closed' })).toMatchObject({ reason: 'type_unknown' });
  });

  test('an order is no cancellation, whatever the header says', () => {
    const body = { admin_graphql_api_id: 'gid://1', cancelled_at: null, line_items: [] };
    const reading = mapMessage(shopify, { body: bytes(body), header: topic('orders/cancelled') });
    expect(reading).toMatchObject({ kind: 'unprocessable', reason: 'type_unknown' });
  });
});
