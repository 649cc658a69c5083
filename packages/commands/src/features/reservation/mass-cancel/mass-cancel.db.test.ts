import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { type Database, openDatabase, type Scope } from '@karmanflow/schema';
import * as v from 'valibot';
import type { Executor } from '../../../executor/executor.ts';
import type { Outcome } from '../../../executor/outcome.ts';
import { registry } from '../../../registry.ts';
import { proveHistory, responseOf } from '../../../testing/index.ts';
import { asBulkRunner, runUnapproved } from '../../../testing/run-unapproved.ts';
import {
  bodyOf,
  createStockedWorld,
  type Level,
  receiptOf,
  type StockedWorld,
  tally,
  wordOf,
} from '../../../testing/stocked-world.ts';
import { readMassCancelPage, readRunningMassCancels } from '../index.ts';
import type { listMassCancels, previewMassCancel } from '../queries/mass-cancels.ts';

setDefaultTimeout(90_000);

let stocked: StockedWorld;
let neighbour: Executor;
let reading: Database;
let scope: Scope;
let level: Level;

beforeAll(async () => {
  stocked = await createStockedWorld();
  neighbour = stocked.neighbour();
  reading = openDatabase({ url: stocked.world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test-mass-cancel' });
  scope = { tenantId: stocked.tenant.tenantId, environmentId: stocked.tenant.environments.sandbox };
  level = await stocked.stock(1_000);
});
afterAll(async () => {
  await reading.close();
  await stocked.close();
});

async function hold(reference: string, count: number): Promise<string[]> {
  const made = await Promise.all(
    Array.from({ length: count }, (_one, index) =>
      stocked.tenant.succeed('reservation.create', {
        reference: `${reference}${index}`,
        holdSeconds: 3_600,
        lines: [{ ...level, quantity: 1 }],
      }),
    ),
  );
  return made.map(({ reservationId }) => String(reservationId));
}

async function ask(type: string, input: object): Promise<unknown> {
  const query = registry.queries.get(type);
  if (!query) throw new Error(`no query ${type}`);
  return v.parse(
    query.output,
    await query.run(v.parse(query.input, input) as never, { ...scope, scope, database: reading, registry }),
  );
}
const previewOf = async (input: object) =>
  (await ask('reservation.mass_cancel_preview', input)) as v.InferOutput<typeof previewMassCancel.output>;
async function progressOf(massCancelId: string) {
  const answer = (await ask('reservation.mass_cancels', { massCancelId })) as v.InferOutput<
    typeof listMassCancels.output
  >;
  const [found] = answer.massCancels;
  if (!found) throw new Error('no such operation');
  return found;
}

async function start(input: object): Promise<string> {
  const { caller } = stocked.tenant;
  const outcome = await runUnapproved(stocked.world.executor, 'reservation.mass_cancel', input, { caller });
  return String(responseOf(outcome)['massCancelId']);
}
const part = (massCancelId: string, reservationId: string, executor: Executor = stocked.world.executor) =>
  runUnapproved(
    executor,
    'reservation.cancel_part',
    { massCancelId, reservationId },
    { caller: asBulkRunner(stocked.tenant.caller), key: `mass-cancel:${massCancelId}:${reservationId}` },
  );

async function statuses(ids: readonly string[]): Promise<Record<string, number>> {
  const { rows } = await stocked.admin.query(
    'select status, count(*)::int as n from kf.reservations where id = any($1) group by 1',
    [ids.map((id) => id.slice(4))],
  );
  return Object.fromEntries(rows.map((row) => [row.status, row.n]));
}

test('the preview counts what matches and shows some of it; what is created later is not meant', async () => {
  const ids = await hold('pre-', 25);
  await stocked.tenant.succeed('reservation.commit', { reservationId: ids[0] });
  const seen = await previewOf({ referencePrefix: 'pre-' });
  expect(seen).toMatchObject({ count: 25, more: false });
  expect(seen.sample).toHaveLength(20);
  expect(seen.sample[0]).toMatchObject({ reservationId: ids[0], status: 'COMMITTED', reference: 'pre-0' });
  expect((await previewOf({ referencePrefix: 'pre-', status: 'COMMITTED' })).count).toBe(1);
  expect((await previewOf({ referencePrefix: 'pre-1' })).count).toBe(11);
  // Text, and no pattern.
  expect((await previewOf({ referencePrefix: 'pre_' })).count).toBe(0);
  await hold('pre-', 2);
  expect((await previewOf({ referencePrefix: 'pre-', createdBefore: seen.createdBefore })).count).toBe(25);
  expect((await previewOf({ referencePrefix: 'pre-' })).count).toBe(27);
});

test('two humans start it, and no agent, service or single human', async () => {
  await hold('two-', 3);
  const [cyd, ada] = [await stocked.tenant.signIn('cyd'), await stocked.tenant.signIn('ada')];
  const input = { referencePrefix: 'two-', expectedCount: 3 };
  const asked = await stocked.tenant.run('reservation.mass_cancel', input, { caller: cyd });
  expect(bodyOf(asked).status).toBe('PENDING_APPROVAL');
  const { approvalId } = JSON.parse(Buffer.from(receiptOf(asked).response ?? []).toString('utf8'));
  expect(wordOf(await stocked.tenant.run('approval.approve', { approvalId }, { caller: cyd }))).not.toBe('SUCCEEDED');
  expect(await readRunningMassCancels(reading, scope)).toEqual([]);
  await stocked.tenant.succeed('approval.approve', { approvalId }, { caller: ada });
  const running = await readRunningMassCancels(reading, scope);
  expect(running).toMatchObject([{ referencePrefix: 'two-', expectedCount: 3, cancelledCount: 0 }]);
  const service = { ...stocked.tenant.caller, actor: { ...stocked.tenant.caller.actor, type: 'SERVICE' as const } };
  expect(wordOf(await stocked.tenant.run('reservation.mass_cancel', input, { caller: service }))).toBe('DENIED');
  const stop = { massCancelId: running[0]?.id };
  expect(wordOf(await stocked.tenant.run('reservation.stop_mass_cancel', stop, { caller: service }))).toBe('DENIED');
  expect(wordOf(await stocked.tenant.run('reservation.stop_mass_cancel', stop, { caller: cyd }))).toBe('SUCCEEDED');
});

test('parts that two processes send at once count each reservation once, and none beyond the bound', async () => {
  const ids = await hold('many-', 60);
  const massCancelId = await start({ referencePrefix: 'many-', expectedCount: 40 });
  const before = await stocked.levelOf(level);
  const outcomes: Outcome[] = await Promise.all(
    ids.flatMap((reservationId) => [
      part(massCancelId, reservationId),
      // The same part, by a worker that does not know of the first.
      part(massCancelId, reservationId, neighbour),
    ]),
  );
  const words = new Map<string, string>();
  for (const outcome of outcomes) words.set(receiptOf(outcome).id, wordOf(outcome));
  // One receipt for each part, however often it was sent.
  expect(words.size).toBe(60);
  const counts = Object.groupBy([...words.values()], (word) => word);
  expect([counts['SUCCEEDED']?.length, counts['mass_cancel_bound_reached']?.length]).toEqual([40, 20]);
  expect(await statuses(ids)).toEqual({ CANCELLED: 40, ACTIVE: 20 });
  expect(await progressOf(massCancelId)).toMatchObject({ status: 'RUNNING', cancelledCount: 40, expectedCount: 40 });
  expect((await stocked.levelOf(level)).reserved).toBe(before.reserved - 40);
});

test('parts beside commits, expiries and single cancellations of the same reservations leave each resolved once', async () => {
  const ids = await hold('busy-', 40);
  const massCancelId = await start({ referencePrefix: 'busy-', status: 'ACTIVE', expectedCount: 40 });
  const before = await stocked.levelOf(level);
  const { caller } = stocked.tenant;
  const outcomes = await Promise.all(
    ids.flatMap((reservationId, index) => [
      part(massCancelId, reservationId, index % 2 ? neighbour : stocked.world.executor),
      index % 3 === 0
        ? runUnapproved(neighbour, 'reservation.cancel', { reservationId }, { caller })
        : stocked.tenant.run('reservation.commit', { reservationId }),
    ]),
  );
  expect(Object.keys(tally(outcomes))).not.toContain('internal_error');
  const after = await statuses(ids);
  const progress = await progressOf(massCancelId);
  const parts = outcomes.filter((_outcome, index) => index % 2 === 0);
  expect(progress.cancelledCount).toBe(tally(parts)['SUCCEEDED'] ?? -1);
  expect((after['CANCELLED'] ?? 0) + (after['COMMITTED'] ?? 0)).toBe(40);
  expect((await stocked.levelOf(level)).reserved).toBe(before.reserved - (after['CANCELLED'] ?? 0));
  // What was committed first is not one of those to cancel.
  const { adminUrl } = stocked.world.testDatabase;
  expect((await proveHistory({ adminUrl, signer: stocked.world.signer })).complaints).toEqual([]);
});

test('the worker looks through all reservations in bounded steps, and finds each that matches once', async () => {
  const ids = await hold('page-', 12);
  const massCancelId = await start({ referencePrefix: 'page-', expectedCount: 12 });
  const operation = (await readRunningMassCancels(reading, scope)).find(({ id }) => id === massCancelId);
  if (!operation) throw new Error('no such operation');
  const found: string[] = [];
  let pages = 0;
  for (let after = null as Awaited<ReturnType<typeof readMassCancelPage>>['after'], more = true; more; pages += 1) {
    const page = await readMassCancelPage(reading, scope, { operation, after, looked: 7 });
    expect(page.reservationIds.length).toBeLessThanOrEqual(7);
    found.push(...page.reservationIds);
    ({ after } = page);
    more = after !== null;
  }
  expect(found.toSorted()).toEqual(ids.toSorted());
  expect(pages).toBeGreaterThan(10);
});
