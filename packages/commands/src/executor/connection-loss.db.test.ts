import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Database, openDatabase } from '@karmanflow/schema';
import { proveHistory } from '../testing/index.ts';
import { createCuttingProxy, type Cut, type CuttingProxy } from '../testing/cutting-proxy.ts';
import {
  createStockedWorld,
  type Level,
  receiptOf,
  type StockedWorld,
  tally,
  until,
  untilBlocked,
  wordOf,
} from '../testing/stocked-world.ts';
import type { Executor, ExecutorPorts } from './executor.ts';
import type { Outcome } from './outcome.ts';

let stocked: StockedWorld;
let proxy: CuttingProxy;
let level: Level;
const opened: Database[] = [];

beforeAll(async () => {
  stocked = await createStockedWorld();
  level = await stocked.stock(100_000);
  proxy = await createCuttingProxy({ url: stocked.world.testDatabase.adminUrl });
});
afterAll(async () => {
  await Promise.all(opened.map((database) => database.close()));
  await proxy.stop();
  await stocked.close();
});

function executorBehindProxy(change: Partial<ExecutorPorts> = {}): Executor {
  const url = proxy.urlFor(stocked.world.testDatabase.urlFor('kf_command'));
  const database = openDatabase({ url, applicationName: 'kf-test-behind-proxy' });
  opened.push(database);
  return stocked.world.executorWith({ database, ...change });
}

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

async function receiptsUnder(key: string): Promise<string[]> {
  const sql = 'select id from kf.command_receipts where idempotency_key_hash = sha256($1::bytea)';
  const { rows } = await stocked.admin.query(sql, [Buffer.from(key)]);
  return rows.map((row) => `rcp_${row.id}`);
}

const cuts: readonly Cut[] = ['swallow', 'deliver', 'unheard'];

describe.each(cuts.map((cut) => [cut]))('a connection that is lost at COMMIT, %s', (cut) => {
  test('still gives the caller its one receipt, and the change happens once', async () => {
    const executor = executorBehindProxy();
    const before = await stocked.levelOf(level);
    const key = `lost ${cut}`;
    proxy.cutNext(cut);
    const cutsBefore = proxy.cuts();
    const outcome = await stocked.reserve(level, 3, { executor, key });
    expect(proxy.cuts()).toBe(cutsBefore + 1);
    expect(outcome).toMatchObject({ kind: 'receipt', replayed: false, receipt: { status: 'SUCCEEDED' } });
    expect(await receiptsUnder(key)).toEqual([receiptOf(outcome).id]);
    expect((await stocked.levelOf(level)).reserved - before.reserved).toBe(3);
    const repeat = await stocked.reserve(level, 3, { executor, key });
    expect(Buffer.from(receiptOf(repeat).bytes)).toEqual(Buffer.from(receiptOf(outcome).bytes));
  });

  test('gives every command of the batch its one receipt, the refused and the denied as well', async () => {
    const executor = executorBehindProxy();
    const before = await stocked.levelOf(level);
    const hold = await stocked.hold(level);
    const first = stocked.reserve(level, 1, { executor });
    await untilBlocked(stocked.admin);
    const denied = { ...stocked.tenant.caller, scopes: new Set<string>() };
    const others = many(60, (index) => {
      if (index % 3 === 0) return stocked.reserve(level, 1_000_000, { executor });
      return stocked.reserve(level, 1, { executor, ...(index % 3 === 1 ? {} : { caller: denied }) });
    });
    await hold.release();
    await first;
    proxy.cutNext(cut);
    const outcomes = await Promise.all(others);
    expect(tally(outcomes)).toEqual({ SUCCEEDED: 20, DENIED: 20, stock_insufficient: 20 });
    const ids = outcomes.map((outcome) => receiptOf(outcome).id.slice(4));
    expect(new Set(ids).size).toBe(60);
    const stored = await stocked.admin.query('select id from kf.command_receipts where id = any($1)', [ids]);
    expect(stored.rowCount).toBe(60);
    expect((await stocked.levelOf(level)).reserved - before.reserved).toBe(21);
    // Whichever of them was cut, none is there twice.
    const { rows } = await stocked.admin.query(
      'select count(*)::int as receipts, count(distinct idempotency_key_hash)::int + count(*) filter (where idempotency_key_hash is null)::int as keys from kf.command_receipts',
    );
    expect(rows[0].receipts).toBe(rows[0].keys);
  });
});

describe('a connection that is lost while its transaction goes on without it', () => {
  test('leaves the outcome open once the deadline has passed; it never says that nothing was done', async () => {
    let offset = 0;
    // Time passes exactly between the two tries, and no sweep comes in between.
    const executor = executorBehindProxy({
      monotonicNow: () => performance.now() + offset,
      sleep: async () => {
        offset += 60_000;
      },
      every: () => () => undefined,
    });
    const sku = 'ZOMBIE-1';
    const rival = await stocked.world.testDatabase.admin();
    await rival.query('begin');
    await rival.query(
      `insert into kf.variants select tenant_id, environment_id, gen_random_uuid(), $1, name, version, created_at, updated_at,
        receipt_id, written_in from kf.variants limit 1`,
      [sku],
    );
    proxy.cutNext('deliver');
    const register = () => stocked.tenant.run('inventory.register_variant', { sku, name: 'n' }, { executor, key: sku });
    const outcome = await register();
    await rival.query('rollback');
    await rival.end();
    // The transaction of the lost connection commits now.
    await until(async () => (await receiptsUnder(sku)).length === 1);
    expect(wordOf(outcome)).toBe('outcome_unknown');
    expect(wordOf(await stocked.tenant.run('inventory.register_variant', { sku, name: 'n' }, { key: sku }))).toBe(
      'SUCCEEDED',
    );
  });
});

describe('backends that are terminated at random under load', () => {
  test('cost nobody an answer, and no command its one effect', async () => {
    const executor = stocked.neighbour();
    const other = await stocked.stock(10_000);
    const before = { level: await stocked.levelOf(level), other: await stocked.levelOf(other) };
    const answered = new AbortController();
    const kills: number[] = [];
    const killing = (async () => {
      while (!answered.signal.aborted) {
        const { rowCount } = await stocked.admin.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
            and application_name = 'kf-test-neighbour' and state <> 'idle' order by random() limit 1`,
        );
        if (rowCount) kills.push(rowCount);
        // Rarely enough that most transactions live: this is about those that do not.
        await Bun.sleep(120);
      }
    })();
    const outcomes: Outcome[] = [];
    // Waves, since one batch would be over before anybody could be killed.
    for (let wave = 0; kills.length < 5 && wave < 300; wave += 1) {
      const sent = many(30, (index) =>
        stocked.reserve(index % 2 === 0 ? level : other, 1, { executor, key: `wave ${wave} ${index}` }),
      );
      outcomes.push(...(await Promise.all(sent)));
    }
    answered.abort();
    await killing;
    expect(kills.length).toBeGreaterThanOrEqual(5);
    expect(tally(outcomes)).toEqual({ SUCCEEDED: outcomes.length });
    expect(new Set(outcomes.map((outcome) => receiptOf(outcome).id)).size).toBe(outcomes.length);
    expect(outcomes.every((outcome) => outcome.kind === 'receipt' && !outcome.replayed)).toBe(true);
    expect((await stocked.levelOf(level)).reserved - before.level.reserved).toBe(outcomes.length / 2);
    expect((await stocked.levelOf(other)).reserved - before.other.reserved).toBe(outcomes.length / 2);
  }, 90_000);
});

describe('a database that is not there', () => {
  test('is answered within the deadline, with nothing done', async () => {
    const database = openDatabase({ url: 'postgresql://kf_command@127.0.0.1:1/nowhere', applicationName: 'kf-test' });
    opened.push(database);
    const executor = stocked.world.executorWith({ database });
    const outcome = await stocked.reserve(level, 1, { executor, deadlineMilliseconds: 400 });
    expect(['database_unavailable', 'deadline_exceeded']).toContain(wordOf(outcome));
  });

  test('is answered also when no pause lies between the tries', async () => {
    const database = openDatabase({ url: 'postgresql://kf_command@127.0.0.1:1/nowhere', applicationName: 'kf-test' });
    opened.push(database);
    const executor = stocked.world.executorWith({ database, sleep: () => Promise.resolve() });
    expect(wordOf(await stocked.reserve(level, 1, { executor }))).toBe('database_unavailable');
  });
});

test('afterwards every receipt verifies, and the events rebuild the tables', async () => {
  const proof = await proveHistory({ adminUrl: stocked.world.testDatabase.adminUrl, signer: stocked.world.signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(200);
}, 90_000);
