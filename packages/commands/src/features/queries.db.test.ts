import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Database, type Id, openDatabase } from '@karmanflow/schema';
import * as v from 'valibot';
import { registry } from '../registry.ts';
import { createTestWorld, type TestTenant, type TestWorld } from '../testing/index.ts';
import { receiptOf } from '../testing/stocked-world.ts';
import { resolveCatalogue } from './inventory/index.ts';

let world: TestWorld;
let tenant: TestTenant;
let other: TestTenant;
let database: Database;
/** Ids by SKU and code. */
const variants: Record<string, string> = {};
const locations: Record<string, string> = {};
const channels: Record<string, string> = {};
const reservations: string[] = [];

type Place = { tenant?: TestTenant; environment?: 'sandbox' | 'production' };

/** The parts of answers that these tests look at. */
interface Answer {
  readonly next: string | null;
  readonly levels: readonly { variantId: string; locationId: string }[];
  readonly channels: readonly { salesChannelId: string; code: string; availableToPromise: number }[];
  readonly movements: readonly { receiptId: string }[];
  readonly reservations: readonly { reference: string }[];
  readonly resolvedAt: string | null;
}

/** Asks as the API does: input parsed by the query's own schema, in the reading role; the answer must have the promised shape. */
async function ask(type: string, input: Record<string, unknown>, place: Place = {}): Promise<Answer> {
  const query = registry.queries.get(type);
  if (!query) throw new Error(`no query ${type}`);
  const owner = place.tenant ?? tenant;
  const scope = { tenantId: owner.tenantId, environmentId: owner.environments[place.environment ?? 'sandbox'] };
  const answer = await query.run(v.parse(query.input, input) as never, { ...scope, scope, database, registry });
  if (answer !== null) v.parse(query.output, answer);
  // Each test asks for what it then looks at.
  return answer as Answer;
}

const accepts = (type: string, input: unknown): boolean => v.is(registry.queries.get(type)?.input ?? v.never(), input);

/** Follows the cursor to the end, and checks that every page but the last is full. */
async function allPages(
  type: string,
  options: { input?: Record<string, unknown>; list: 'levels' | 'movements' | 'reservations'; limit: number },
): Promise<unknown[]> {
  const all: unknown[] = [];
  let after: string | null = null;
  for (let page = 0; page < 100; page += 1) {
    const answer: Answer = await ask(type, {
      ...options.input,
      limit: String(options.limit),
      ...(after ? { after } : {}),
    });
    all.push(...answer[options.list]);
    if (answer.next === null) return all;
    expect(answer[options.list]).toHaveLength(options.limit);
    after = answer.next;
  }
  throw new Error('the pages never end');
}

beforeAll(async () => {
  world = await createTestWorld();
  tenant = await world.createTenant('Acme');
  other = await world.createTenant('Other');
  database = openDatabase({ url: world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test-queries' });
  for (const sku of ['MUG', 'PLATE', 'BOWL']) {
    variants[sku] = String((await tenant.succeed('inventory.register_variant', { sku, name: sku }))['variantId']);
  }
  for (const code of ['BER', 'HAM']) {
    locations[code] = String((await tenant.succeed('inventory.register_location', { code, name: code }))['locationId']);
  }
  const sells = {
    web: [
      ['BER', 2],
      ['HAM', 0],
    ],
    shop: [['HAM', 3]],
  } as const;
  for (const [code, list] of Object.entries(sells)) {
    const where = list.map(([place, bufferQuantity]) => ({ locationId: locations[place], bufferQuantity }));
    const made = await tenant.succeed('inventory.register_channel', { code, name: code, locations: where });
    channels[code] = String(made['salesChannelId']);
  }
  for (const [sku, place, delta] of [
    ['MUG', 'BER', 10],
    ['MUG', 'HAM', 4],
    ['PLATE', 'BER', 1],
  ] as const) {
    await tenant.succeed('inventory.adjust', {
      variantId: variants[sku],
      locationId: locations[place],
      delta,
      reason: 'received',
    });
  }
  for (const quantity of [1, 2, 3]) {
    const lines = [{ variantId: variants['MUG'], locationId: locations['BER'], quantity }];
    const made = await tenant.succeed('reservation.create', {
      lines,
      reference: `order-${quantity}`,
      holdSeconds: 600,
    });
    reservations.push(String(made['reservationId']));
  }
  await tenant.succeed('reservation.commit', { reservationId: reservations[1] });
});
afterAll(async () => {
  await database.close();
  await world.close();
});

const elsewhere: [string, Place][] = [
  ['another environment', { environment: 'production' }],
  ['another tenant', {}],
];
const placeOf = (name: string, place: Place): Place => (name === 'another tenant' ? { tenant: other } : place);

describe('inventory.levels', () => {
  test('gives every level with its quantities', async () => {
    const { levels, next } = await ask('inventory.levels', {});
    expect(next).toBeNull();
    expect(levels).toHaveLength(3);
    const mugs = levels.find(
      (level: { variantId: string; locationId: string }) =>
        level.variantId === variants['MUG'] && level.locationId === locations['BER'],
    );
    expect(mugs).toMatchObject({
      onHand: 10,
      reserved: 6,
      safetyStock: 0,
      shortfall: 0,
      availableToPromise: 4,
      version: 4,
    });
  });

  test('narrows to a variant, a location, or one level', async () => {
    expect((await ask('inventory.levels', { variantId: variants['MUG'] })).levels).toHaveLength(2);
    expect((await ask('inventory.levels', { locationId: locations['BER'] })).levels).toHaveLength(2);
    const one = await ask('inventory.levels', { variantId: variants['MUG'], locationId: locations['HAM'] });
    expect(one.levels).toMatchObject([{ onHand: 4, reserved: 0 }]);
    expect((await ask('inventory.levels', { variantId: variants['BOWL'] })).levels).toEqual([]);
  });

  test('comes in pages of any size, each level once', async () => {
    const whole = await allPages('inventory.levels', { list: 'levels', limit: 200 });
    for (const limit of [1, 2, 3]) expect(await allPages('inventory.levels', { list: 'levels', limit })).toEqual(whole);
  });

  test.each(elsewhere)('shows nothing in %s, not even by its ids and cursors', async (name, place) => {
    const { next } = await ask('inventory.levels', { limit: '1' });
    for (const input of [{}, { variantId: variants['MUG'] }, { after: next }]) {
      expect((await ask('inventory.levels', input, placeOf(name, place))).levels).toEqual([]);
    }
  });
});

describe('inventory.availability', () => {
  const byCode = async (input: Record<string, unknown>, place: Place = {}) =>
    Object.fromEntries(
      (await ask('inventory.availability', input, place)).channels.map(
        (one: { code: string; availableToPromise: number }) => [one.code, one.availableToPromise],
      ),
    );

  test('sums what each channel may promise over its locations, less its buffers', async () => {
    // Web: 10 on hand, 6 reserved, 2 left alone in Berlin, and 4 in Hamburg. Shop: 4 in Hamburg, 3 left alone.
    expect(await byCode({ variantId: variants['MUG'] })).toEqual({ web: 2 + 4, shop: 1 });
  });

  test('lets no location take from another: a buffer that is not covered counts as nothing', async () => {
    expect(await byCode({ variantId: variants['PLATE'] })).toEqual({ web: 0, shop: 0 });
  });

  test('of a variant that was never stocked is nothing', async () => {
    expect(await byCode({ variantId: variants['BOWL'] })).toEqual({ web: 0, shop: 0 });
  });

  test('narrows to a channel', async () => {
    expect(await byCode({ variantId: variants['MUG'], salesChannelId: channels['shop'] })).toEqual({ shop: 1 });
  });

  test('agrees with what a reservation through the channel can take', async () => {
    const take = (quantity: number) =>
      tenant.run('reservation.create', {
        salesChannelId: channels['shop'],
        lines: [{ variantId: variants['MUG'], locationId: locations['HAM'], quantity }],
      });
    expect(receiptOf(await take(2)).status).toBe('REFUSED');
    expect(receiptOf(await take(1)).status).toBe('SUCCEEDED');
    expect(await byCode({ variantId: variants['MUG'], salesChannelId: channels['shop'] })).toEqual({ shop: 0 });
  });

  test.each(elsewhere)('shows nothing in %s', async (name, place) => {
    expect(await byCode({ variantId: variants['MUG'] }, placeOf(name, place))).toEqual({});
  });
});

describe('inventory.movements', () => {
  const level = () => ({ variantId: variants['MUG'], locationId: locations['BER'] });

  test('gives the ledger of a level, oldest first, with the receipt of each', async () => {
    const { movements, next } = await ask('inventory.movements', level());
    expect(next).toBeNull();
    expect(movements).toMatchObject([
      { fromState: 'EXTERNAL', toState: 'AVAILABLE', quantity: 10, reason: 'received', movementNumber: 0 },
      { fromState: 'AVAILABLE', toState: 'RESERVED', quantity: 1, reason: null },
      { fromState: 'AVAILABLE', toState: 'RESERVED', quantity: 2 },
      { fromState: 'AVAILABLE', toState: 'RESERVED', quantity: 3 },
    ]);
    const admin = await world.testDatabase.admin();
    for (const { receiptId } of movements) {
      const { rowCount } = await admin.query('select from kf.command_receipts where id = $1', [receiptId.slice(4)]);
      expect(rowCount).toBe(1);
    }
  });

  test('comes in pages of any size, also through the lines of one event', async () => {
    const lines = Array.from({ length: 3 }, () => ({ ...level(), quantity: 1 }));
    await tenant.succeed('reservation.create', { lines, reference: 'order-of-three' });
    const whole = await allPages('inventory.movements', { input: level(), list: 'movements', limit: 200 });
    expect(whole).toHaveLength(7);
    for (const limit of [1, 2, 3, 6, 7]) {
      expect(await allPages('inventory.movements', { input: level(), list: 'movements', limit })).toEqual(whole);
    }
  });

  test.each(elsewhere)('shows nothing in %s', async (name, place) => {
    expect((await ask('inventory.movements', level(), placeOf(name, place))).movements).toEqual([]);
  });
});

describe('inventory.catalogue', () => {
  const names = { sku: 'MUG', locationCode: 'BER', salesChannelCode: 'web' };

  test('gives the ids behind the names, and null for what does not exist', async () => {
    expect<unknown>(await ask('inventory.catalogue', names)).toEqual({
      variantId: variants['MUG'] as string,
      locationId: locations['BER'] as string,
      salesChannelId: channels['web'] as string,
    });
    const nothing = { variantId: null, locationId: null, salesChannelId: null };
    expect<unknown>(await ask('inventory.catalogue', {})).toEqual(nothing);
    expect<unknown>(await ask('inventory.catalogue', { sku: 'mug', locationCode: 'X', salesChannelCode: 'Y' })).toEqual(
      nothing,
    );
  });

  test('resolves many names at once', async () => {
    const scope = { tenantId: tenant.tenantId, environmentId: tenant.environments.sandbox };
    const found = await resolveCatalogue(database, scope, {
      skus: ['MUG', 'PLATE', 'GHOST'],
      locationCodes: ['HAM'],
      salesChannelCodes: [],
    });
    expect(found.variants).toEqual(
      new Map([
        ['MUG', variants['MUG']],
        ['PLATE', variants['PLATE']],
      ]) as Map<string, Id<'variant'>>,
    );
    expect(found.locations).toEqual(new Map([['HAM', locations['HAM']]]) as Map<string, Id<'location'>>);
    expect(found.salesChannels.size).toBe(0);
  });

  test.each(elsewhere)('shows nothing in %s', async (name, place) => {
    expect<unknown>(await ask('inventory.catalogue', names, placeOf(name, place))).toEqual({
      variantId: null,
      locationId: null,
      salesChannelId: null,
    });
  });
});

describe('reservation.get', () => {
  test('gives one reservation with its lines', async () => {
    expect<unknown>(await ask('reservation.get', { reservationId: reservations[1] })).toMatchObject({
      reservationId: reservations[1],
      status: 'COMMITTED',
      salesChannelId: null,
      reference: 'order-2',
      extensions: 0,
      version: 2,
      lines: [{ lineNumber: 1, variantId: variants['MUG'], locationId: locations['BER'], quantity: 2 }],
    });
    expect((await ask('reservation.get', { reservationId: reservations[0] })).resolvedAt).toBeNull();
  });

  test.each(elsewhere)('gives nothing in %s, as if it did not exist', async (name, place) => {
    expect(await ask('reservation.get', { reservationId: reservations[0] }, placeOf(name, place))).toBeNull();
    expect(await ask('reservation.get', { reservationId: `rsv_${Bun.randomUUIDv7()}` })).toBeNull();
  });
});

describe('reservation.list', () => {
  const referencesOf = async (input: Record<string, unknown>) =>
    (await ask('reservation.list', input)).reservations.map((one: { reference: string }) => one.reference);

  test('narrows by status and by reference', async () => {
    expect(await referencesOf({ status: 'COMMITTED' })).toEqual(['order-2']);
    expect(await referencesOf({ reference: 'order-3' })).toEqual(['order-3']);
    expect(await referencesOf({ reference: 'order-3', status: 'COMMITTED' })).toEqual([]);
    expect((await referencesOf({})).slice(0, 3)).toEqual(['order-1', 'order-2', 'order-3']);
  });

  test('comes in pages of any size, each reservation once, with its lines', async () => {
    const whole = await allPages('reservation.list', { list: 'reservations', limit: 200 });
    expect(whole.length).toBeGreaterThanOrEqual(3);
    for (const limit of [1, 2, 3])
      expect(await allPages('reservation.list', { list: 'reservations', limit })).toEqual(whole);
    for (const one of whole as { lines: unknown[] }[]) expect(one.lines.length).toBeGreaterThan(0);
  });

  test.each(elsewhere)('shows nothing in %s', async (name, place) => {
    expect((await ask('reservation.list', { after: reservations[0] }, placeOf(name, place))).reservations).toEqual([]);
    expect((await ask('reservation.list', {}, placeOf(name, place))).reservations).toEqual([]);
  });
});

describe('the input of a query', () => {
  const dashes = '-'.repeat(36);
  const id = `var_${Bun.randomUUIDv7()}:loc_${Bun.randomUUIDv7()}`;

  test.each([
    ['inventory.levels', 'a cursor of its own', { after: id }, true],
    ['inventory.levels', 'a cursor that holds no ids', { after: `var_${dashes}:loc_${dashes}` }, false],
    ['inventory.levels', 'a cursor with something behind it', { after: `${id}:x` }, false],
    ['inventory.levels', 'a page that is too large', { limit: '201' }, false],
    ['inventory.movements', 'a level without a location', { variantId: `var_${Bun.randomUUIDv7()}` }, false],
    ['reservation.list', 'a status in lower case', { status: 'active' }, false],
    ['reservation.list', 'a cursor that is no id', { after: 'x' }, false],
    ['reservation.get', 'nothing', {}, false],
    ['inventory.availability', 'an id of another kind', { variantId: `loc_${Bun.randomUUIDv7()}` }, false],
  ])('of %s: %s', (type, _what, input, isTaken) => {
    expect(accepts(type, input)).toBe(isTaken);
  });

  test('as a cursor of movements is an event and a number, and nothing else', () => {
    const level = { variantId: `var_${Bun.randomUUIDv7()}`, locationId: `loc_${Bun.randomUUIDv7()}` };
    expect(accepts('inventory.movements', { ...level, after: `evt_${Bun.randomUUIDv7()}:49` })).toBe(true);
    for (const after of [`evt_${dashes}:0`, `evt_${Bun.randomUUIDv7()}`, `evt_${Bun.randomUUIDv7()}:-1`, '']) {
      expect(accepts('inventory.movements', { ...level, after })).toBe(false);
    }
  });

  test('is refused by every query when it holds a field that nobody knows', () => {
    expect(registry.queries.size).toBeGreaterThan(5);
    for (const type of registry.queries.keys()) expect(accepts(type, { __unknown: '1' })).toBe(false);
  });
});
