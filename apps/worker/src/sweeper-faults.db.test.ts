import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { limits } from '@karmanflow/schema';
import { sweeperHandle } from './sweeper/find-sweeper.ts';
import { createWorkerWorld, type Store, type WorkerWorld } from './testing/worker-world.ts';
import { workerLimits } from './worker-limits.ts';

setDefaultTimeout(90_000);

let workerWorld: WorkerWorld;
beforeAll(async () => {
  workerWorld = await createWorkerWorld();
});
afterAll(() => workerWorld.close());

const query = (text: string, values: unknown[] = []) => workerWorld.admin.query(text, values);
const scopeOf = (store: Store): [string, string] => [store.tenantId.slice(4), store.environmentId.slice(4)];

async function buckets(store: Store): Promise<string[]> {
  const { rows } = await query(
    'select due_at from kf.expiry_schedule where tenant_id = $1 and environment_id = $2 order by due_at',
    scopeOf(store),
  );
  return rows.map((row) => row.due_at.toISOString());
}

/** Puts a bucket into the schedule, as many seconds ago as told, on the database's clock. */
async function addBucket(store: Store, ageSeconds: number): Promise<string> {
  const { rows } = await query(
    `insert into kf.expiry_schedule (tenant_id, environment_id, due_at)
     values ($1, $2, date_trunc('milliseconds', now()) - make_interval(secs => $3)) returning due_at`,
    [...scopeOf(store), ageSeconds],
  );
  return rows[0].due_at.toISOString();
}

async function overdue(store: Store): Promise<string> {
  const hold = await store.hold();
  await workerWorld.waitForClock(hold.expiresAt);
  return hold.reservationId;
}

describe('what cannot be swept', () => {
  test('a tenant without its sweeper is logged once, keeps its buckets, and is served once it has one', async () => {
    const tenant = await workerWorld.createTenant('Nobody');
    const held = [await overdue(tenant.sandbox), await overdue(tenant.production)];
    const rename = (from: string, to: string) =>
      query('update kf.principals set handle = $3 where tenant_id = $1 and handle = $2', [
        tenant.sandbox.tenantId.slice(4),
        from,
        to,
      ]);
    await rename(sweeperHandle, 'gone');
    const sweeper = workerWorld.sweeper({ bucketGraceMilliseconds: 0 });
    for (let sweeps = 0; sweeps < 3; sweeps += 1) {
      const { oldestDueSeconds, expired } = await sweeper.once();
      expect(expired).toBe(0);
      expect(oldestDueSeconds).toBeGreaterThan(0);
    }
    const told = () => sweeper.log.lines().filter(({ message }) => String(message).includes('has no sweeper'));
    expect(told()).toHaveLength(1);
    expect(told()[0]).toMatchObject({ level: 'error', reason: 'principal_missing', tenantId: tenant.sandbox.tenantId });
    expect(await buckets(tenant.sandbox)).toHaveLength(1);
    await rename('gone', sweeperHandle);
    expect(await sweeper.once()).toMatchObject({ expired: 2 });
    expect(
      await Promise.all(held.map((id, index) => (index ? tenant.production : tenant.sandbox).statusOf(id))),
    ).toEqual(['EXPIRED', 'EXPIRED']);
  });

  test('an archived environment is left alone, without a receipt for each attempt', async () => {
    const { sandbox: store, production } = await workerWorld.createTenant('Archive');
    const [held, other] = [await overdue(store), await overdue(production)];
    const [tenant, environment] = scopeOf(store);
    await query("update kf.environments set status = 'ARCHIVED' where id = $1", [environment]);
    const sweeper = workerWorld.sweeper();
    await sweeper.once();
    // The other environment was overdue before; what is archived is not late.
    for (let sweeps = 0; sweeps < 3; sweeps += 1) expect((await sweeper.once()).oldestDueSeconds).toBe(0);
    expect([await store.statusOf(held), await production.statusOf(other)]).toEqual(['ACTIVE', 'EXPIRED']);
    const { rows } = await query(
      "select count(*) as n from kf.command_receipts where tenant_id = $1 and environment_id = $2 and command_type = 'reservation.expire'",
      [tenant, environment],
    );
    expect(rows[0].n).toBe('0');
    expect(sweeper.log.lines().filter(({ reason }) => reason === 'environment_archived')).toHaveLength(1);
    await query("update kf.environments set status = 'ACTIVE' where id = $1", [environment]);
    await sweeper.once();
    expect(await store.statusOf(held)).toBe('EXPIRED');
  });

  test('an environment that fails does not stop the others', async () => {
    const broken = await workerWorld.createTenant('Broken');
    const whole = await workerWorld.createTenant('Whole');
    const [first, second] = [await overdue(broken.sandbox), await overdue(whole.sandbox)];
    // A time that no number of ours holds: reading it throws.
    await query("update kf.reservations set expires_at = '-infinity' where id = $1", [first.slice(4)]);
    const sweeper = workerWorld.sweeper();
    expect(await sweeper.once()).toMatchObject({ expired: 1 });
    expect(await whole.sandbox.statusOf(second)).toBe('EXPIRED');
    expect(sweeper.log.lines()).toContainEqual(
      expect.objectContaining({
        level: 'error',
        environmentId: broken.sandbox.environmentId,
        message: expect.stringContaining('could not be swept'),
      }),
    );
    await query('update kf.reservations set expires_at = now() where id = $1', [first.slice(4)]);
    await sweeper.once();
    expect(await broken.sandbox.statusOf(first)).toBe('EXPIRED');
  });

  test('an environment that denies is not asked again at once', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Denies');
    await overdue(store);
    const clock = { milliseconds: 0 };
    const sweeper = workerWorld.sweeper({
      monotonicNow: () => clock.milliseconds,
      executor: withoutScopes(workerWorld),
    });
    await sweeper.once();
    await sweeper.once();
    expect(sweeper.outcomes).toEqual(['denied']);
    expect(sweeper.log.lines()).toContainEqual(expect.objectContaining({ level: 'error', reason: 'denied' }));
    clock.milliseconds += workerLimits.deniedPauseMilliseconds;
    await sweeper.once();
    expect(sweeper.outcomes).toEqual(['denied', 'denied']);
    await workerWorld.sweeper().once();
  });
});

/** The real executor, for a caller that lost its scopes on the way: its receipts say DENIED. */
function withoutScopes({ world }: WorkerWorld): typeof world.executor {
  const { executor } = world;
  return {
    ...executor,
    execute: (command, metadata) =>
      executor.execute(command, { ...metadata, caller: { ...metadata.caller, scopes: new Set() } }),
  };
}

describe('the schedule', () => {
  const graceSeconds = 300;

  test('a bucket goes when it is over by more than the grace and nothing in it is active, and not before', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Buckets');
    const old = await addBucket(store, limits.expiryBucketSeconds + graceSeconds + 5);
    const withinGrace = await addBucket(store, limits.expiryBucketSeconds + graceSeconds - 60);
    const running = await addBucket(store, 10);
    const future = await addBucket(store, -600);
    const report = await workerWorld.sweeper().once();
    expect(report.bucketsCleared).toBe(1);
    expect(await buckets(store)).toEqual([withinGrace, running, future]);
    expect(old < withinGrace).toBe(true);
  });

  test('a bucket stays while a hold that ended in it, or before it, is active', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Stuck');
    const held = await overdue(store);
    await query('delete from kf.expiry_schedule where tenant_id = $1', [store.tenantId.slice(4)]);
    await query("update kf.reservations set expires_at = now() - interval '20 minutes' where id = $1", [held.slice(4)]);
    await query("update kf.environments set status = 'ARCHIVED' where id = $1", [store.environmentId.slice(4)]);
    const before = await addBucket(store, 30 * 60);
    const own = await addBucket(store, 20 * 60 + 30);
    const after = await addBucket(store, 10 * 60);
    const sweeper = workerWorld.sweeper();
    expect((await sweeper.once()).bucketsCleared).toBe(1);
    expect(await buckets(store)).toEqual([own, after]);
    expect(before < own).toBe(true);
    await query("update kf.environments set status = 'ACTIVE' where id = $1", [store.environmentId.slice(4)]);
    expect(await sweeper.once()).toMatchObject({ expired: 1, bucketsCleared: 2 });
    expect(await store.statusOf(held)).toBe('EXPIRED');
    expect(await buckets(store)).toEqual([]);
  });

  test('a hold that lasts does not keep the buckets before it, and its own stays', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Lasting');
    await store.hold({ holdSeconds: 3_600 });
    const own = await buckets(store);
    await addBucket(store, 20 * 60);
    await workerWorld.sweeper().once();
    expect(own).toHaveLength(1);
    expect(await buckets(store)).toEqual(own);
  });

  test('a writer that found its bucket there and commits within the grace is not lost', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Late');
    const hold = await store.hold({ holdSeconds: 3_600 });
    await query('delete from kf.expiry_schedule where tenant_id = $1', [store.tenantId.slice(4)]);
    // As old as a bucket can be while a transaction that began in it may still be under way.
    const bucket = await addBucket(store, limits.expiryBucketSeconds + graceSeconds - 30);
    const writer = await workerWorld.world.testDatabase.admin();
    await writer.query('begin');
    await writer.query('update kf.reservations set expires_at = $2 where id = $1', [
      hold.reservationId.slice(4),
      bucket,
    ]);
    const sweeper = workerWorld.sweeper();
    expect(await sweeper.once()).toMatchObject({ expired: 0, bucketsCleared: 0 });
    await writer.query('commit');
    expect(await sweeper.once()).toMatchObject({ expired: 1 });
    expect(await store.statusOf(hold.reservationId)).toBe('EXPIRED');
  });

  test('the grace is longer than a transaction can be kept open by the client or, statement by statement, by the server', () => {
    const statementsMax = 50;
    expect(workerLimits.bucketGraceMilliseconds).toBe(graceSeconds * 1_000);
    expect(workerLimits.bucketGraceMilliseconds).toBeGreaterThan(limits.transactionTimeoutMilliseconds);
    expect(workerLimits.bucketGraceMilliseconds).toBeGreaterThan(statementsMax * limits.statementTimeoutMilliseconds);
  });

  test('more environments than one page holds are all come to, the next sweep going on behind the last', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Last');
    const held = await overdue(store);
    await query(
      `insert into kf.expiry_schedule (tenant_id, environment_id, due_at)
       select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, gen_random_uuid(), now() from generate_series(1, $1) n`,
      [limits.sweepScopes],
    );
    const sweeper = workerWorld.sweeper();
    expect(await sweeper.once()).toMatchObject({ scopes: limits.sweepScopes, expired: 0 });
    expect(await store.statusOf(held)).toBe('ACTIVE');
    expect((await sweeper.once()).expired).toBe(1);
    expect(await store.statusOf(held)).toBe('EXPIRED');
    // And then from the beginning again.
    expect((await sweeper.once()).scopes).toBe(limits.sweepScopes);
    await query("delete from kf.expiry_schedule where tenant_id < '00000000-0000-7000-8001-000000000000'");
  });
});
