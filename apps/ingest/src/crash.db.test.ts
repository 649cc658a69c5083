import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { createHash, randomBytes } from 'node:crypto';
import { waitUntil } from '@karmanflow/runtime/testing';
import { effectsOn } from './testing/deliver.ts';
import { type IngestProcess, type IngestProcesses, prepareProcesses } from './testing/ingest-processes.ts';
import { createIngestWorld, type IngestWorld, type Shop, type TestSource } from './testing/ingest-world.ts';
import { newPartnerSecret, type PartnerHeaders, partnerSigners } from './testing/partner-signers.ts';

setDefaultTimeout(180_000);

/** What the storm does to the processes follows from the seed; another one: KF_CRASH_SEED. */
const seed = Number(process.env['KF_CRASH_SEED'] ?? 20_261_122);
const kills = 3;
const senders = 4;
/** Far beyond what it takes; a kill that interrupts nobody is tried again, and does not count. */
const messagesMax = 5_000;

/** A number from 0 to below 1 for a place in the plan. */
function draw(place: string): number {
  return createHash('sha256').update(`${seed}/${place}`).digest().readUInt32BE(0) / 2 ** 32;
}

let ingestWorld: IngestWorld;
let processes: IngestProcesses;
let shop: Shop;
const presets = ['shopify', 'standard-webhooks', 'http-signatures'] as const;
const sources = new Map<string, TestSource>();
const registeredUrl = 'https://hooks.acme.example/in';

const itsItems = {
  each: '/line_items',
  of: {
    object: {
      variantId: { variant: { item: '/sku' } },
      locationId: { location: { value: 'BER-1' } },
      quantity: { whole: { item: '/quantity' } },
    },
  },
};
const rules = [
  {
    when: [{ is: { at: '/kind' }, equals: 'order' }],
    command: 'reservation.create',
    subject: { at: '/id' },
    input: {
      object: { salesChannelId: { salesChannel: { value: 'WEB' } }, reference: { at: '/id' }, lines: itsItems },
    },
  },
];

beforeAll(async () => {
  ingestWorld = await createIngestWorld();
  shop = await ingestWorld.createShop('Acme');
  for (const preset of presets) {
    const secret = newPartnerSecret(preset, { randomBytes });
    const limits = { messagesPerSecond: 10_000, burstMessages: 100_000 };
    const settings = preset === 'http-signatures' ? { registeredUrl, limits } : { limits };
    sources.set(preset, await ingestWorld.createSource(shop, { preset, secret, settings, mapping: { rules } }));
  }
  await ingestWorld.run(shop, 'inventory.adjust', {
    variantId: shop.variantId,
    locationId: shop.locationId,
    delta: 2 * messagesMax,
    reason: 'received',
  });
  processes = await prepareProcesses(ingestWorld);
});
afterAll(async () => {
  processes?.close();
  await ingestWorld.close();
});

interface Attempt {
  /** The connection broke before the answer: nobody can tell what became of the message. */
  wasInterrupted: boolean;
}

interface Place {
  readonly process: IngestProcess;
  readonly underWay: Set<Attempt>;
}

interface SignedMessage {
  readonly path: string;
  readonly headers: PartnerHeaders;
  readonly body: Uint8Array<ArrayBuffer>;
}

function message(index: number): SignedMessage {
  const preset = presets[index % presets.length] ?? presets[0];
  const source = sources.get(preset);
  if (!source) throw new Error(`no source of ${preset}`);
  const item = { sku: 'MUG-1', quantity: 1 };
  const order = { kind: 'order', id: `order-${index}`, line_items: [item] };
  const body = new TextEncoder().encode(JSON.stringify(order));
  const atSeconds = Math.floor(Date.now() / 1000);
  const headers = partnerSigners[preset]({
    secret: source.secret,
    messageId: `evt-${index}`,
    atSeconds,
    body,
    url: registeredUrl,
  });
  return { path: source.path, headers, body };
}

test(`killed at random under senders that redeliver, each accepted message has one effect (seed ${seed})`, async () => {
  const places: Place[] = [];
  for (let count = 0; count < 2; count += 1) places.push({ process: await processes.add(), underWay: new Set() });
  const placeAt = (number: number): Place => {
    const place = places[number % places.length];
    if (!place) throw new Error('no place');
    return place;
  };
  const acknowledged = new Set<number>();
  let created = 0;
  const storming = { isOn: true };

  /** The status; 0 when there was none. */
  async function attempt(place: Place, { path, headers, body }: SignedMessage): Promise<number> {
    const under: Attempt = { wasInterrupted: false };
    place.underWay.add(under);
    try {
      const response = await fetch(`${place.process.url}${path}`, { method: 'POST', headers, body });
      await response.arrayBuffer();
      return response.status;
    } catch {
      under.wasInterrupted = true;
      return 0;
    } finally {
      place.underWay.delete(under);
    }
  }

  /** Until it is acknowledged, to one process after the other, signed anew each time; a third of them once more. */
  async function deliver(index: number): Promise<void> {
    for (let tries = Math.floor(2 * draw(`first/${index}`)); ; tries += 1) {
      const status = await attempt(placeAt(tries), message(index));
      if (status === 200) break;
      expect([0, 429, 500, 503, 504]).toContain(status);
    }
    acknowledged.add(index);
    if (draw(`again/${index}`) < 1 / 3) await attempt(placeAt(index), message(index));
  }

  async function sender(): Promise<void> {
    while (storming.isOn && created < messagesMax) {
      const index = created;
      created += 1;
      await deliver(index);
    }
  }

  /** Kills a process while it has messages under way. Whether that interrupted any of those. */
  async function kill(number: number): Promise<boolean> {
    const victim = placeAt(Math.floor(2 * draw(`victim/${number}`)));
    const after = acknowledged.size + 1 + Math.floor(30 * draw(`after/${number}`));
    const isDue = (): boolean => acknowledged.size >= after && victim.underWay.size > 0;
    await waitUntil({ what: `kill ${number} is due`, condition: isDue, deadlineMilliseconds: 60_000 });
    const underWay = [...victim.underWay];
    await victim.process.kill();
    const haveEnded = (): boolean => !underWay.some((one) => victim.underWay.has(one));
    await waitUntil({ what: 'what was under way has ended', condition: haveEnded, deadlineMilliseconds: 60_000 });
    await victim.process.start();
    return underWay.some(({ wasInterrupted }) => wasInterrupted);
  }

  const storm = (async () => {
    let fired = 0;
    for (let number = 0; fired < kills && number < 5 * kills; number += 1) fired += (await kill(number)) ? 1 : 0;
    storming.isOn = false;
    return fired;
  })();
  const [fired] = await Promise.all([storm, ...Array.from({ length: senders }, sender)]);

  expect(fired).toBe(kills);
  expect(created).toBeLessThan(messagesMax);
  expect(acknowledged.size).toBe(created);
  const admin = await ingestWorld.world.testDatabase.admin();
  const tenant = [shop.tenantId.slice(4)];
  const { rows: effects } = await admin.query<{ reference: string; n: string }>(
    'select reference, count(*) as n from kf.reservations where tenant_id = $1 group by reference',
    tenant,
  );
  expect(effects.filter(({ n }) => n !== '1')).toEqual([]);
  const expected = [...acknowledged].map((index) => `order-${index}`).toSorted();
  expect(effects.map(({ reference }) => reference).toSorted()).toEqual(expected);
  expect(await effectsOn(shop, admin)).toEqual({ reserved: created, reservations: created, receipts: created });
  const { rows: claims } = await admin.query(
    'select count(*) as claims, count(distinct (ingest_source_id, message_key)) as ids,' +
      ' count(distinct (ingest_source_id, content_key)) as contents' +
      " from kf.ingest_claims where tenant_id = $1 and outcome = 'PROCESSED'",
    tenant,
  );
  const all = String(created);
  expect(claims).toEqual([{ claims: all, ids: all, contents: all }]);
  const { rows: held } = await admin.query('select id from kf.quarantined_messages where tenant_id = $1', tenant);
  expect(held).toEqual([]);
});
