import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { TestTenant } from '@karmanflow/commands/testing';
import type { Archive } from '@karmanflow/receipts';
import { createLogger, createMetrics, renderMetrics } from '@karmanflow/runtime';
import { captureLog, waitUntil } from '@karmanflow/runtime/testing';
import { toUuid } from '@karmanflow/schema';
import { openCheckpointSigner } from './checkpoint-signer.ts';
import { type LogSettings, type Sequencer, startSequencer } from './start-sequencer.ts';
import { createSequencerWorld, host, logSeed, type SequencerWorld } from './testing/sequencer-world.ts';

setDefaultTimeout(90_000);

let world: SequencerWorld;
let tenant: TestTenant;
const running: Sequencer[] = [];
beforeAll(async () => {
  world = await createSequencerWorld();
  tenant = await world.world.createTenant('Acme');
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((sequencer) => sequencer.stop()));
});
afterAll(() => world.close());

type Gate = PromiseWithResolvers<void>;

interface StartOptions {
  readonly archive?: Archive;
  readonly openSigner?: LogSettings['openSigner'];
  readonly log?: null;
}

const openSigner = () => openCheckpointSigner({ directory: world.directories.signer, seed: logSeed });

function start(change: StartOptions = {}) {
  const capture = captureLog();
  const metrics = createMetrics({ app: 'worker' });
  const log: LogSettings = {
    host,
    archive: change.archive ?? world.archive,
    openSigner: change.openSigner ?? openSigner,
    witnessing: null,
  };
  const sequencer = startSequencer({
    database: world.database,
    logger: createLogger({ app: 'worker', level: 'debug', destination: capture.destination }),
    metrics,
    monotonicNow: () => performance.now(),
    leaderId: Bun.randomUUIDv7(),
    log: change.log === null ? null : log,
  });
  running.push(sequencer);
  /** The value of a series, or null when there is none. */
  const value = async (series: string): Promise<number | null> => {
    const { body } = await renderMetrics(metrics, null);
    const [name = '', label = ''] = series.split(/[{}]/);
    const line = body.split('\n').find((one) => one.startsWith(`${name}{`) && one.includes(label));
    return line === undefined ? null : Number(line.split(' ').at(-1));
  };
  return { sequencer, value, lines: () => capture.lines() };
}

const count = async (text: string): Promise<number> =>
  Number((await world.admin.query(text, [toUuid(tenant.tenantId)])).rows[0].n);
const receipts = () => count('select count(*) as n from kf.command_receipts where tenant_id = $1');
const leaves = () => count('select count(*) as n from kf.log_leaves where tenant_id = $1');
const published = () => count('select coalesce(max(tree_size), 0) as n from kf.log_checkpoints where tenant_id = $1');
const until = (what: string, condition: () => Promise<boolean>): Promise<void> =>
  waitUntil({ what, condition, deadlineMilliseconds: 60_000 });

describe('a sequencer', () => {
  test('gives positions and publishes by itself, and says so in metrics', async () => {
    const { value } = start();
    await world.issue(tenant, 40);
    await until('all is published', async () => (await published()) === (await receipts()));
    expect(await value('kf_sequencer_leading')).toBe(1);
    expect(await value('kf_sequencer_terms_total')).toBe(1);
    expect(await value('kf_sequencer_positions_total{of="leaf"}')).toBe(await receipts());
    expect(await value('kf_sequencer_positions_total{of="event"}')).toBeGreaterThan(40);
    expect(await value('kf_sequencer_rounds_total{outcome="worked"}')).toBeGreaterThan(0);
    expect(await value('kf_log_publications_total{outcome="published"}')).toBeGreaterThan(0);
    await until('the backlog is seen', async () => (await value('kf_sequencer_oldest_pending_seconds')) === 0);
    await world.proveAll(tenant);
  });

  test('that waits in line looks after how much waits, also when nobody leads', async () => {
    const [began, seen, released] = [0, 1, 2].map(() => Promise.withResolvers<void>()) as [Gate, Gate, Gate];
    const leading = world.asLeader(async ({ connection }) => {
      began.resolve();
      // A leader that says nothing loses its session, and this one is to lose it when all was seen, not before.
      const speaking = setInterval(() => void connection.query('select 1').catch(() => undefined), 200);
      await seen.promise;
      clearInterval(speaking);
      await released.promise;
    });
    await began.promise;
    const { value } = start();
    await world.issue(tenant, 1);
    await until('something waits', async () => ((await value('kf_sequencer_pending_transactions')) ?? 0) > 0);
    expect(await value('kf_sequencer_leading')).toBe(0);
    seen.resolve();
    await until('it took over', async () => (await leaves()) === (await receipts()));
    released.resolve();
    await leading;
  });

  test('without a log gives positions all the same', async () => {
    const before = await published();
    const { value } = start({ log: null });
    await world.issue(tenant, 5);
    await until('all have positions', async () => (await leaves()) === (await receipts()));
    expect(await published()).toBe(before);
    expect(await value('kf_log_publications_total{outcome="published"}')).toBe(0);
  });

  test('goes on giving positions while the archive fails, says it once, and publishes when it is back', async () => {
    let works = false;
    const archive: Archive = {
      read: (path) => world.archive.read(path),
      async write(path, bytes) {
        if (!works) throw new Error('no archive today');
        await world.archive.write(path, bytes);
      },
    };
    const { value, lines } = start({ archive });
    await world.issue(tenant, 5);
    await until('it failed twice', async () => ((await value('kf_log_publications_total{outcome="failed"}')) ?? 0) > 1);
    const before = await published();
    await world.issue(tenant, 5);
    await until('all have positions', async () => (await leaves()) === (await receipts()));
    expect(await published()).toBe(before);
    works = true;
    await until('all is published', async () => (await published()) === (await receipts()));
    expect(
      lines().filter(({ level, message }) => level === 'error' && message === 'checkpoints could not be published'),
    ).toHaveLength(1);
    expect(lines().some(({ message }) => message === 'publishing works again')).toBe(true);
    expect(await value('kf_sequencer_terms_total')).toBe(1);
  });

  test('goes on giving positions while the signer cannot be opened or cannot write, and then signs', async () => {
    const faults = ['open', 'open', 'write', 'write'];
    const { value } = start({
      async openSigner() {
        const fault = faults.shift();
        if (fault === 'open') throw new Error('no disk today');
        const signer = await openSigner();
        const sign = () => signer.close().then(() => Promise.reject(new Error('the disk is full')));
        return fault === 'write' ? { ...signer, sign, close: async () => undefined } : signer;
      },
    });
    await world.issue(tenant, 5);
    await until('all is published', async () => (await published()) === (await receipts()));
    expect(faults).toEqual([]);
    expect(await value('kf_log_publications_total{outcome="failed"}')).toBe(4);
    expect(await value('kf_sequencer_terms_total')).toBe(1);
    await world.proveAll(tenant);
  });

  test('is not held up by what somebody puts into the queue with SQL, and tells of it', async () => {
    const [first] = (
      await world.admin.query(
        'select environment_id, command_receipt_id as id from kf.log_leaves where tenant_id = $1 limit 1',
        [toUuid(tenant.tenantId)],
      )
    ).rows;
    const nobody = Bun.randomUUIDv7();
    await world.admin.query('insert into kf.log_pending (tenant_id, environment_id, receipt_ids) values ($1, $2, $3)', [
      toUuid(tenant.tenantId),
      first.environment_id,
      [first.id, nobody],
    ]);
    const { value, lines } = start();
    await world.issue(tenant, 5);
    await until('all is published', async () => (await published()) === (await receipts()));
    expect(await value('kf_sequencer_missing_receipts_total')).toBe(1);
    expect(lines()).toContainEqual(expect.objectContaining({ level: 'error', receiptIds: [nobody] }));
    expect(await value('kf_sequencer_rounds_total{outcome="failed"}')).toBe(1);
    await world.proveAll(tenant);
  });

  test('whose signer refuses says so, publishes nothing, and goes on giving positions', async () => {
    const before = await published();
    await world.admin.query('alter table kf.log_roots disable trigger refuse_change');
    await world.admin.query('alter table kf.log_checkpoints disable trigger refuse_change');
    // A restored backup: what was published last is not in it, while archive and signer know it.
    for (const table of ['log_roots', 'log_checkpoints'])
      await world.admin.query(`delete from kf.${table} where tenant_id = $1 and tree_size = $2`, [
        toUuid(tenant.tenantId),
        before,
      ]);
    await world.admin.query('alter table kf.log_leaves disable trigger refuse_change');
    await world.admin.query('delete from kf.log_leaves where tenant_id = $1 and leaf_index >= $2', [
      toUuid(tenant.tenantId),
      before - 1,
    ]);
    const { value, lines } = start();
    await until('it refused', async () => (await value('kf_log_refusals_total{code="rollback"}')) === 1);
    expect(lines()).toContainEqual(expect.objectContaining({ level: 'error', code: 'rollback' }));
    const given = await leaves();
    await world.issue(tenant, 3);
    await until('positions are given', async () => (await leaves()) === given + 3);
    expect(await published()).toBeLessThan(before);
  });
});
