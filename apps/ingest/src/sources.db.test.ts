import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { roles } from '@karmanflow/policy';
import { type Database, openDatabase } from '@karmanflow/schema';
import type { TestDatabase } from '@karmanflow/schema/testing';
import { ingestLimits } from './ingest-limits.ts';
import { createSourceDirectory } from './sources.ts';
import { createIngestWorld, type IngestWorld, type Shop } from './testing/ingest-world.ts';

setDefaultTimeout(90_000);

let ingestWorld: IngestWorld;
let database: Database;
let shop: Shop;
let admin: Awaited<ReturnType<TestDatabase['admin']>>;

beforeAll(async () => {
  ingestWorld = await createIngestWorld();
  admin = await ingestWorld.world.testDatabase.admin();
  database = openDatabase({
    url: ingestWorld.world.testDatabase.urlFor('kf_ingest'),
    applicationName: 'kf-test-sources',
  });
});
afterAll(async () => {
  await database.close();
  await ingestWorld.close();
});
beforeEach(async () => {
  shop = await ingestWorld.createShop('Acme');
});

/** A directory whose clocks stand where the test puts them, and that counts its transactions. */
function directory() {
  const state = { reads: 0, monotonic: 0, now: Date.now(), mayLookUp: true };
  const counted: Database = {
    ...database,
    read: (scope, work) => {
      state.reads += 1;
      return database.read(scope, work);
    },
  };
  const sources = createSourceDirectory({
    database: counted,
    now: () => state.now,
    monotonicNow: () => state.monotonic,
    mayLookUp: () => state.mayLookUp,
  });
  const scopes = async (): Promise<readonly string[]> => {
    const found = await sources.find(shop);
    if (!found.ok) throw new Error(found.reason);
    return [...found.source.caller.scopes].toSorted();
  };
  return { state, sources, scopes };
}

const grants = (set: string, ...values: unknown[]) =>
  admin.query(`update kf.role_grants set ${set} where principal_id = $1`, [shop.connectorId.slice(4), ...values]);

describe('the caller of a source', () => {
  test('is its connector in its environment, with the scopes of a connector and a ceiling of R2', async () => {
    const found = await directory().sources.find(shop);
    expect(found).toMatchObject({
      ok: true,
      source: {
        scheme: {
          preset: { name: 'standard-webhooks', replay: { policy: 'window', toleranceSeconds: 300 } },
          registeredUrl: null,
        },
        mapping: { kind: 'karmanflow' },
        secretRefs: [shop.secretRef],
        caller: {
          tenantId: shop.tenantId,
          environmentId: shop.sandbox,
          environment: { kind: 'SANDBOX', status: 'ACTIVE' },
          actor: { type: 'CONNECTOR', id: shop.connectorId, onBehalfOf: null },
          riskCeiling: 'R2',
          loginAgeSeconds: null,
        },
      },
    });
    expect(await directory().scopes()).toEqual([...roles.connector].toSorted());
  });

  test('has what its grants and the role of connectors share, and nothing of what else was granted', async () => {
    await grants("role = 'operator'");
    const shared = roles.operator.filter((scope) => (roles.connector as readonly string[]).includes(scope));
    expect(await directory().scopes()).toEqual([...shared].toSorted());
    expect(await directory().scopes()).not.toContain('inventory.allocation:create');
  });

  test('has nothing from a grant for elsewhere, of another time, or of a role that this build does not know', async () => {
    const refused = [
      'target_environment_id = tenant_id',
      "role = 'overlord'",
      'revoked_at = now()',
      'valid_until = now()',
    ];
    for (const set of refused) {
      await grants(set);
      expect([set, await directory().scopes()]).toEqual([set, []]);
      await grants("target_environment_id = null, role = 'connector', revoked_at = null, valid_until = null");
    }
    expect(await directory().scopes()).not.toEqual([]);
    const later = directory();
    await grants('valid_until = $2', new Date(later.state.now + 1_000).toISOString());
    expect(await later.scopes()).not.toEqual([]);
    later.state.now += 2_000;
    later.state.monotonic += ingestLimits.sourceCacheMilliseconds;
    expect(await later.scopes()).toEqual([]);
  });

  test('must be a connector', async () => {
    await admin.query("update kf.principals set type = 'SERVICE' where id = $1", [shop.connectorId.slice(4)]);
    expect(await directory().sources.find(shop)).toEqual({ ok: false, reason: 'principal_not_connector' });
  });
});

describe('what is remembered', () => {
  test('one look-up for all who ask at once, and one again after half a second', async () => {
    const { state, sources } = directory();
    await Promise.all(Array.from({ length: 50 }, () => sources.find(shop)));
    state.monotonic += ingestLimits.sourceCacheMilliseconds - 1;
    await sources.find(shop);
    expect(state.reads).toBe(1);
    state.monotonic += 1;
    await sources.find(shop);
    expect(state.reads).toBe(2);
  });

  test('also that there is no source; but never a failure', async () => {
    const { state, sources } = directory();
    const unknown = { tenantId: shop.tenantId, ingestSourceId: `src_${Bun.randomUUIDv7()}` } as const;
    expect(await sources.find(unknown)).toEqual({ ok: false, reason: 'source_unknown' });
    await sources.find(unknown);
    expect(state.reads).toBe(1);

    let works = false;
    const failing = createSourceDirectory({
      database: {
        ...database,
        read: (scope, work) => (works ? database.read(scope, work) : Promise.reject(new Error('gone'))),
      },
      now: () => Date.now(),
      monotonicNow: () => 0,
      mayLookUp: () => true,
    });
    await expect(failing.find(shop)).rejects.toThrow('gone');
    works = true;
    expect(await failing.find(shop)).toMatchObject({ ok: true });
  });

  test('when too many ask for addresses that are none, who is known is looked up and nobody else', async () => {
    const { state, sources } = directory();
    const unknown = { tenantId: shop.tenantId, ingestSourceId: `src_${Bun.randomUUIDv7()}` } as const;
    expect(await sources.find(shop)).toMatchObject({ ok: true });
    expect(await sources.find(unknown)).toEqual({ ok: false, reason: 'source_unknown' });
    state.mayLookUp = false;
    state.monotonic += 10_000;
    expect(await sources.find(unknown)).toEqual({ ok: false, reason: 'look_ups_limited' });
    expect(state.reads).toBe(2);
    expect(await sources.find(shop)).toMatchObject({ ok: true });
    expect(state.reads).toBe(3);
    state.mayLookUp = true;
    expect(await sources.find(unknown)).toEqual({ ok: false, reason: 'source_unknown' });
  });
});
