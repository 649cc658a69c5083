import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { Executor } from '@karmanflow/commands';
import { waitUntil } from '@karmanflow/runtime/testing';
import { limits } from '@karmanflow/schema';
import { createWorkerWorld, type Hold, type Store, type WorkerWorld } from './testing/worker-world.ts';

setDefaultTimeout(90_000);

let workerWorld: WorkerWorld;
beforeAll(async () => {
  workerWorld = await createWorkerWorld();
});
afterAll(() => workerWorld.close());

async function receiptsOf(
  store: Store,
  reservationId: string,
): Promise<{ type: string; status: string; actor: string }[]> {
  const { rows } = await workerWorld.admin.query(
    'select body, response from kf.command_receipts where tenant_id = $1',
    [store.tenantId.slice(4)],
  );
  return rows
    .map((row) => ({
      body: JSON.parse(row.body.toString()),
      response: row.response === null ? {} : JSON.parse(row.response.toString()),
    }))
    .filter(
      ({ body, response }) =>
        response.reservationId === reservationId || JSON.stringify(body.refusal).includes(reservationId),
    )
    .map(({ body }) => ({
      type: body.command.type,
      status: body.status,
      actor: `${body.actor.type} ${body.actor.id}`,
    }));
}

async function events(store: Store, type: string): Promise<number> {
  const { rows } = await workerWorld.admin.query(
    'select count(*) as n from kf.domain_events where tenant_id = $1 and environment_id = $2 and type = $3',
    [store.tenantId.slice(4), store.environmentId.slice(4), type],
  );
  return Number(rows[0].n);
}

/** A condition: so many of these holds have that status. */
const have = (holds: readonly Hold[], status: string) => async () => {
  const { rows } = await workerWorld.admin.query(
    'select count(*) as n from kf.reservations where id = any($1) and status = $2',
    [holds.map(({ reservationId }) => reservationId.slice(4)), status],
  );
  return Number(rows[0].n) === holds.length;
};

describe('a worker', () => {
  test('ends holds that are over in every tenant and environment, gives the units back, and leaves the others', async () => {
    const [acme, globex] = await Promise.all([workerWorld.createTenant('Acme'), workerWorld.createTenant('Globex')]);
    const stores = [acme.sandbox, acme.production, globex.sandbox, globex.production];
    const over = await Promise.all(stores.map((store) => store.hold({ quantity: 3 })));
    const lasting = await Promise.all(stores.map((store) => store.hold({ quantity: 2, holdSeconds: 3_600 })));
    const worker = await workerWorld.start();
    for (const [index, store] of stores.entries()) {
      const [hold, kept] = [over[index], lasting[index]];
      if (!hold || !kept) throw new Error('a hold for each store');
      await waitUntil({ what: 'the hold expires', condition: have([hold], 'EXPIRED') });
      expect(await store.statusOf(kept.reservationId)).toBe('ACTIVE');
      expect(await store.reserved()).toBe(2);
      expect(await receiptsOf(store, hold.reservationId)).toEqual([
        { type: 'reservation.create', status: 'SUCCEEDED', actor: expect.stringContaining('USER') },
        { type: 'reservation.expire', status: 'SUCCEEDED', actor: `SYSTEM ${store.sweeperId}` },
      ]);
    }
    const metrics = await (await fetch(`http://127.0.0.1:${worker.metricsPort}/metrics`)).text();
    expect(metrics).toMatch(/kf_expirations_total\{[^}]*outcome="expired"[^}]*\} 4\b/);
    expect(metrics).toMatch(/kf_sweeps_total\{[^}]*outcome="completed"[^}]*\} [1-9]/);
    expect(metrics).toMatch(/kf_expiry_oldest_due_seconds\{[^}]*\} \d/);
    expect(metrics).toMatch(/kf_sweep_age_seconds\{[^}]*\} 0\.\d/);
    for (const path of ['healthz', 'readyz'])
      expect((await fetch(`http://127.0.0.1:${worker.port}/${path}`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${worker.port}/v1`)).status).toBe(404);
    await worker.stop();
    expect(worker.log.lines().filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('ends requests that nobody decided, in an environment where no hold is due', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Undecided');
    const kept = await store.hold({ holdSeconds: 3_600 });
    const asked = await store.run('reservation.cancel', { reservationId: kept.reservationId });
    if (asked.kind !== 'receipt' || asked.receipt.response === null) throw new Error('the request did not wait');
    const { approvalId } = JSON.parse(Buffer.from(asked.receipt.response).toString('utf8'));
    const statusOfRequest = async (): Promise<string> => {
      const { rows } = await workerWorld.admin.query('select status from kf.approvals where id = $1', [
        approvalId.slice(4),
      ]);
      return rows[0].status;
    };
    const sweeper = workerWorld.sweeper();
    await sweeper.once();
    expect(await statusOfRequest()).toBe('REQUESTED');
    // A day is long: the end and its minute are brought forward behind the pipeline's back.
    await workerWorld.admin.query("update kf.approvals set expires_at = now() - interval '1 second' where id = $1", [
      approvalId.slice(4),
    ]);
    await workerWorld.admin.query(
      "insert into kf.expiry_schedule (tenant_id, environment_id, due_at) values ($1, $2, now() - interval '1 minute')",
      [store.tenantId.slice(4), store.environmentId.slice(4)],
    );
    expect(await sweeper.once()).toMatchObject({ expired: 1 });
    expect(await statusOfRequest()).toBe('EXPIRED');
    expect(await events(store, 'governance.approval.expired')).toBe(1);
    expect(await store.statusOf(kept.reservationId)).toBe('ACTIVE');
    expect(await sweeper.once()).toMatchObject({ expired: 0 });
  });

  test('ends held messages whose time is over, and their bytes cease with them', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Held');
    const outcome = await store.run(
      'ingest.quarantine_message',
      {
        ingestSourceId: `src_${Bun.randomUUIDv7()}`,
        messageId: 'm-1',
        messageKey: 'a'.repeat(64),
        contentKey: 'b'.repeat(64),
        bodyKey: 'c'.repeat(64),
        subject: null,
        reason: 'payload_malformed',
        storedBytes: 6,
        sealed: 'c2VhbGVk',
        outline: '{}',
      },
      { as: 'CONNECTOR' },
    );
    if (outcome.kind !== 'receipt' || outcome.receipt.status !== 'SUCCEEDED') throw new Error(JSON.stringify(outcome));
    const held = async () => {
      const { rows } = await workerWorld.admin.query(
        `select q.status, p.value from kf.quarantined_messages q
         left join kf.personal_data p on (p.tenant_id, p.id) = (q.tenant_id, q.payload_id) where q.tenant_id = $1`,
        [store.tenantId.slice(4)],
      );
      return rows;
    };
    expect(await held()).toEqual([{ status: 'HELD', value: 'c2VhbGVk' }]);
    await workerWorld.admin.query(
      "update kf.quarantined_messages set expires_at = now() - interval '1 second' where tenant_id = $1",
      [store.tenantId.slice(4)],
    );
    await workerWorld.admin.query(
      "insert into kf.expiry_schedule (tenant_id, environment_id, due_at) values ($1, $2, now() - interval '1 minute')",
      [store.tenantId.slice(4), store.environmentId.slice(4)],
    );
    expect(await workerWorld.sweeper().once()).toMatchObject({ expired: 1 });
    expect((await held())[0].status).toBe('EXPIRED');
    const { rows } = await workerWorld.admin.query('select value from kf.personal_data where tenant_id = $1', [
      store.tenantId.slice(4),
    ]);
    expect(rows.map(({ value }) => value).filter((value) => value === 'c2VhbGVk')).toEqual([]);
  });

  test('beside another one has one effect for each hold', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Twice');
    const holds = await Promise.all(Array.from({ length: 60 }, () => store.hold()));
    const workers = await Promise.all([workerWorld.start(), workerWorld.start(), workerWorld.start()]);
    await waitUntil({ what: 'all expire', condition: have(holds, 'EXPIRED') });
    await Promise.all(workers.map((worker) => worker.stop()));
    expect(await store.reserved()).toBe(0);
    expect(await events(store, 'inventory.reservation.expired')).toBe(holds.length);
    const { rows } = await workerWorld.admin.query(
      "select status, count(*) as n from kf.command_receipts where tenant_id = $1 and command_type = 'reservation.expire' group by status",
      [store.tenantId.slice(4)],
    );
    expect(rows).toEqual([{ status: 'SUCCEEDED', n: String(holds.length) }]);
  });

  test('that stops before a hold is over loses nothing: the next one ends it', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Gap');
    const first = await workerWorld.start();
    const hold = await store.hold();
    await first.stop();
    expect(await store.statusOf(hold.reservationId)).toBe('ACTIVE');
    await workerWorld.waitForClock(hold.expiresAt);
    const second = await workerWorld.start();
    await waitUntil({ what: 'the hold expires', condition: have([hold], 'EXPIRED') });
    await second.stop();
    expect(await store.reserved()).toBe(0);
  });

  test('ends more holds of one environment than fit into a page within one sweep', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Many');
    const holds = await Promise.all(Array.from({ length: limits.sweepEnds + 20 }, () => store.hold()));
    await workerWorld.waitForClock(
      holds
        .map(({ expiresAt }) => expiresAt)
        .toSorted()
        .at(-1) ?? '',
    );
    const { executor } = workerWorld.world;
    const full: Executor = {
      ...executor,
      execute: async () => ({ kind: 'rejected', code: 'overloaded', detail: 'full' }),
    };
    const vain = workerWorld.sweeper({ executor: full });
    await vain.once();
    // Each was tried, and once: those that fail do not hide the others.
    expect(vain.outcomes).toEqual(holds.map(() => 'failed'));
    const sweeper = workerWorld.sweeper();
    const report = await sweeper.once();
    expect(report.expired).toBe(holds.length);
    expect(await store.reserved()).toBe(0);
    expect(await sweeper.once()).toMatchObject({ expired: 0, oldestDueSeconds: 0 });
  });
});

describe('at the deadline', () => {
  /** Sends one command for each hold, in turns a moment before and at its end, against two workers. */
  async function race(store: Store, type: string, input: object) {
    // The workers first: on a busy machine they take longer to start than a short hold lasts.
    const workers = await Promise.all([workerWorld.start(), workerWorld.start()]);
    const made = await Promise.all(Array.from({ length: 60 }, () => store.hold({ holdSeconds: 2 })));
    const holds = made.toSorted((one, other) => (one.expiresAt < other.expiresAt ? -1 : 1));
    const statuses: string[] = [];
    for (const [index, { reservationId, expiresAt }] of holds.entries()) {
      // The first command surely comes in time, and the last one surely does not.
      const early = index === 0 ? 10_000 : index === holds.length - 1 ? 0 : (index % 4) * 4;
      await workerWorld.waitForClock(new Date(Date.parse(expiresAt) - early).toISOString());
      const outcome = await store.run(type, { reservationId, ...input });
      const receipt = outcome.kind === 'receipt' ? outcome.receipt : null;
      statuses.push(receipt?.status ?? 'none');
      if (receipt?.status !== 'SUCCEEDED') continue;
      // What is over is over, whether or not a worker has come by.
      const { completedAt } = JSON.parse(new TextDecoder().decode(receipt.bytes));
      expect(completedAt < expiresAt).toBe(true);
    }
    return { holds, workers, statuses };
  }

  test('a commit and an expiry have exactly one outcome', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Commit');
    const { holds, workers, statuses } = await race(store, 'reservation.commit', {});
    const committed = statuses.filter((status) => status === 'SUCCEEDED').length;
    const condition = async () => (await events(store, 'inventory.reservation.expired')) === holds.length - committed;
    await waitUntil({ what: 'the rest expires', condition });
    await Promise.all(workers.map((worker) => worker.stop()));
    for (const [index, { reservationId }] of holds.entries()) {
      const expected = statuses[index] === 'SUCCEEDED' ? 'COMMITTED' : 'EXPIRED';
      expect([reservationId, await store.statusOf(reservationId)]).toEqual([reservationId, expected]);
    }
    expect(new Set(statuses)).toEqual(new Set(['SUCCEEDED', 'REFUSED']));
    expect(await store.reserved()).toBe(committed);
    expect(await events(store, 'inventory.reservation.committed')).toBe(committed);
  });

  test('an extension either comes in time, and holds, or is refused', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Extend');
    const { holds, workers, statuses } = await race(store, 'reservation.extend', { holdSeconds: 3_600 });
    const extended = statuses.filter((status) => status === 'SUCCEEDED').length;
    const condition = async () => (await events(store, 'inventory.reservation.expired')) === holds.length - extended;
    await waitUntil({ what: 'the rest expires', condition });
    await Promise.all(workers.map((worker) => worker.stop()));
    for (const [index, { reservationId }] of holds.entries()) {
      const expected = statuses[index] === 'SUCCEEDED' ? 'ACTIVE' : 'EXPIRED';
      expect([reservationId, await store.statusOf(reservationId)]).toEqual([reservationId, expected]);
    }
    expect(new Set(statuses)).toEqual(new Set(['SUCCEEDED', 'REFUSED']));
    expect(await store.reserved()).toBe(extended);
  });

  test('a hold that was extended expires at its new end', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Later');
    const worker = await workerWorld.start();
    const hold = await store.hold({ holdSeconds: 2 });
    const outcome = await store.run('reservation.extend', { reservationId: hold.reservationId, holdSeconds: 3 });
    expect(outcome).toMatchObject({ kind: 'receipt', receipt: { status: 'SUCCEEDED' } });
    await workerWorld.waitForClock(hold.expiresAt);
    await workerWorld.waitForClock(new Date(Date.parse(hold.expiresAt) + 300).toISOString());
    expect(await store.statusOf(hold.reservationId)).toBe('ACTIVE');
    await waitUntil({ what: 'it expires at its new end', condition: have([hold], 'EXPIRED') });
    await worker.stop();
  });

  test('a refusal on a clock that was behind does not keep a hold for ever', async () => {
    const { sandbox: store } = await workerWorld.createTenant('Skew');
    const hold = await store.hold();
    // What a sweeper leaves that read the end as over, while the transaction's clock had not come to it.
    const key = `expire:${hold.reservationId}:${hold.expiresAt}`;
    const early = await store.run('reservation.expire', { reservationId: hold.reservationId }, { key });
    expect(early).toMatchObject({ kind: 'receipt', receipt: { status: 'REFUSED' } });
    await workerWorld.waitForClock(hold.expiresAt);
    const [one, other] = [workerWorld.sweeper(), workerWorld.sweeper()];
    await Promise.all([one.once(), other.once()]);
    expect(await store.statusOf(hold.reservationId)).toBe('EXPIRED');
    expect(await events(store, 'inventory.reservation.expired')).toBe(1);
    expect([...one.outcomes, ...other.outcomes].filter((outcome) => outcome === 'expired')).toHaveLength(1);
  });
});
