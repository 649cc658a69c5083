import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import type { ingest } from '@karmanflow/commands';
import { type Database, openDatabase } from '@karmanflow/schema';
import { ingestLimits } from './ingest-limits.ts';
import { createMessageLookUps } from './message-look-ups.ts';
import { createIngestWorld, delivery, type IngestWorld, order, type Shop } from './testing/ingest-world.ts';

setDefaultTimeout(90_000);

let ingestWorld: IngestWorld;
let shop: Shop;
let other: Shop;
/** What the one message that came was claimed by. */
let claim: ingest.MessageToLookUp['claim'];

beforeAll(async () => {
  ingestWorld = await createIngestWorld();
  shop = await ingestWorld.createShop('Acme');
  other = await ingestWorld.createShop('Bolt');
  const running = await ingestWorld.start();
  const sent = await fetch(`${running.url}${shop.path}`, delivery(shop, order()));
  expect(sent.status).toBe(200);
  const admin = await ingestWorld.world.testDatabase.admin();
  const { rows } = await admin.query('select message_key, content_key from kf.ingest_claims');
  expect(rows).toHaveLength(1);
  claim = { messageKey: rows[0].message_key, contentKey: rows[0].content_key };
});
afterAll(() => ingestWorld.close());

/** The database as ingest has it, which counts how often a connection was lent. */
function counted(): { database: Database; lent: () => number } {
  const database = openDatabase({
    url: ingestWorld.world.testDatabase.urlFor('kf_ingest'),
    applicationName: 'kf-test-look-ups',
  });
  let lent = 0;
  const connection: Database['connection'] = (work) => {
    lent += 1;
    return database.connection(work);
  };
  return { database: { ...database, connection }, lent: () => lent };
}

const sourceOf = ({ ingestSourceId, person }: Shop) => ({ ingestSourceId, caller: person });
const key = (number: number): string => String(number).padStart(64, '0');
const namesOf = (skus: readonly string[]): ingest.MessageToLookUp['names'] => ({
  skus,
  locationCodes: ['BER-1'],
  salesChannelCodes: ['WEB'],
  subjects: ['ORDER-1'],
});

test('messages of one source are looked up together, and each is told of its own', async () => {
  const { database, lent } = counted();
  const lookUps = createMessageLookUps(database);
  const messages = Array.from({ length: 3 * ingestLimits.messagesLookedUpAtOnce }, (_, number) =>
    lookUps.find(sourceOf(shop), {
      claim:
        number % 2 === 0
          ? claim
          : { messageKey: key(number), contentKey: number % 3 === 0 ? claim.contentKey : key(number) },
      names: number % 5 === 0 ? null : namesOf(['MUG-1', `NONE-${number}`]),
    }),
  );
  const elsewhere = await lookUps.find(sourceOf(other), { claim, names: namesOf(['MUG-1']) });
  const found = await Promise.all(messages);
  // The first at once, what came meanwhile behind it in full look-ups, and the other shop beside them.
  expect(lent()).toBe(1 + 3 + 1);
  for (const [number, { standing, ids }] of found.entries()) {
    expect(standing?.messageKey ?? null).toBe(number % 2 === 0 || number % 3 === 0 ? claim.messageKey : null);
    expect(ids.variants.get(`NONE-${number}`)).toBeUndefined();
    if (number % 5 === 0) continue;
    expect<unknown>(ids.variants.get('MUG-1')).toBe(shop.variantId);
    expect<unknown>(ids.locations.get('BER-1')).toBe(shop.locationId);
    expect(ids.salesChannels.has('WEB')).toBe(true);
    expect(ids.reservations.get('ORDER-1')).toStartWith('rsv_');
  }
  // The same key and the same names at another address are another message, and other things.
  expect(elsewhere.standing).toBeNull();
  expect<unknown>(elsewhere.ids.variants.get('MUG-1')).toBe(other.variantId);
  expect(elsewhere.ids.reservations.size).toBe(0);
  await database.close();
});

test('a name that no database can hold is not there, and takes nobody else along', async () => {
  const { database } = counted();
  const lookUps = createMessageLookUps(database);
  const zero = { skus: ['a\0b'], locationCodes: ['\0'], salesChannelCodes: ['\0'], subjects: ['\0', 'two words'] };
  const [strange, usual] = await Promise.all([
    lookUps.find(sourceOf(shop), { claim: { messageKey: key(1), contentKey: key(1) }, names: zero }),
    lookUps.find(sourceOf(shop), { claim: { messageKey: key(2), contentKey: key(2) }, names: namesOf(['MUG-1']) }),
  ]);
  expect([strange.ids.variants.size, strange.ids.locations.size, strange.ids.reservations.size]).toEqual([0, 0, 0]);
  expect<unknown>(usual.ids.variants.get('MUG-1')).toBe(shop.variantId);
  await database.close();
});

test('when the database does not answer everybody who waits is told, and the next is looked up anew', async () => {
  const { database } = counted();
  let isDown = true;
  const connection: Database['connection'] = (work) =>
    isDown ? Promise.reject(new Error('down')) : database.connection(work);
  const lookUps = createMessageLookUps({ ...database, connection });
  const ask = () => lookUps.find(sourceOf(shop), { claim, names: null });
  const told = await Promise.allSettled([ask(), ask(), ask()]);
  expect(told.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  isDown = false;
  expect((await ask()).standing?.messageKey).toBe(claim.messageKey);
  await database.close();
});
