import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { defaultTenantPolicy, parseTenantPolicy } from '@karmanflow/policy';
import { controlEnvironmentOf, type Database, openDatabase } from '@karmanflow/schema';
import * as v from 'valibot';
import type { Caller } from '../../executor/metadata.ts';
import { registry } from '../../registry.ts';
import { createStockedWorld, type Level, receiptOf, type StockedWorld, wordOf } from '../../testing/stocked-world.ts';
import type { RunOptions } from '../../testing/test-tenant.ts';

let stocked: StockedWorld;
let level: Level;
let reader: Database;

beforeAll(async () => {
  stocked = await createStockedWorld();
  level = await stocked.stock(100);
  reader = openDatabase({ url: stocked.world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test-read' });
});
afterAll(async () => {
  await reader.close();
  await stocked.close();
});

// oxlint-disable-next-line typescript/no-explicit-any -- each test asks for what it then looks at
async function ask(type: string, input: object, place: 'sandbox' | 'production' | 'control' = 'sandbox'): Promise<any> {
  const query = registry.queries.get(type);
  if (!query) throw new Error(`no query ${type}`);
  const { tenantId, environments } = stocked.tenant;
  const environmentId = place === 'control' ? controlEnvironmentOf(tenantId) : environments[place];
  const scope = { tenantId, environmentId };
  const answer = await query.run(v.parse(query.input, input) as never, { ...scope, scope, database: reader, registry });
  if (answer !== null) v.parse(query.output, answer);
  return answer;
}

async function pause(type: string, input: object, options: RunOptions = {}): Promise<string> {
  const outcome = await stocked.tenant.run(type, input, options);
  expect(wordOf(outcome)).toBe('PENDING_APPROVAL');
  const { response } = receiptOf(outcome);
  return String(JSON.parse(Buffer.from(response ?? []).toString('utf8')).approvalId);
}

async function reserve(quantity: number): Promise<string> {
  const { response } = receiptOf(await stocked.reserve(level, quantity));
  return String(JSON.parse(Buffer.from(response ?? []).toString('utf8')).reservationId);
}

describe('one request', () => {
  test('shows the exact command, what it would change now, who voted and who may', async () => {
    const reservationId = await reserve(7);
    const reserved = (await stocked.levelOf(level)).reserved;
    const approvalId = await pause('reservation.cancel', { reservationId }, { expectedVersion: 1 });
    const seen = await ask('approval.get', { approvalId });
    expect(seen).toMatchObject({
      approvalId,
      status: 'REQUESTED',
      commandType: 'reservation.cancel',
      risk: 'R2',
      requestedBy: stocked.tenant.caller.actor.id,
      requesterType: 'USER',
      command: { type: 'reservation.cancel', input: { reservationId }, expectedVersion: 1 },
      votes: [],
      preview: { outcome: 'accept', refusal: null },
    });
    const changes = seen.preview.changes as { entity: string; before: object; after: object }[];
    expect(changes.map(({ entity }) => entity)).toEqual(['reservation', 'inventory_level']);
    expect(changes[0]).toMatchObject({ before: { status: 'ACTIVE' }, after: { status: 'CANCELLED' } });
    expect(changes[1]).toMatchObject({ before: { reserved }, after: { reserved: reserved - 7 } });
    // Looking changed nothing.
    expect((await stocked.levelOf(level)).reserved).toBe(reserved);
    // All who may decide but the requester; services and agents are not among them.
    const handles = (seen.mayVote as { handle: string }[]).map(({ handle }) => handle);
    expect(handles.toSorted()).toEqual(['ada', 'bob', 'cyd']);

    const ada = await stocked.tenant.signIn('ada');
    await stocked.tenant.run('approval.deny', { approvalId }, { caller: ada });
    expect(await ask('approval.get', { approvalId })).toMatchObject({
      status: 'DENIED',
      votes: [{ voterId: ada.actor.id, vote: 'DENY' }],
      preview: null,
      mayVote: [],
    });
  });

  test('says so when it would be refused now', async () => {
    const reservationId = await reserve(1);
    const first = await pause('reservation.cancel', { reservationId });
    const second = await pause('reservation.cancel', { reservationId });
    const ada = await stocked.tenant.signIn('ada');
    expect(wordOf(await stocked.tenant.run('approval.approve', { approvalId: first }, { caller: ada }))).toBe(
      'SUCCEEDED',
    );
    expect((await ask('approval.get', { approvalId: second })).preview).toEqual({
      outcome: 'refuse',
      refusal: { code: 'reservation_not_active', detail: { status: 'CANCELLED' } },
      changes: [],
    });
  });

  test('is not there in another environment, nor at the level of the tenant', async () => {
    const approvalId = await pause('reservation.cancel', { reservationId: await reserve(1) });
    expect(await ask('approval.get', { approvalId }, 'production')).toBeNull();
    expect(await ask('approval.get_tenant', { approvalId }, 'control')).toBeNull();
  });
});

test('requests are listed oldest first, page by page, by status, command and requester', async () => {
  const cyd = await stocked.tenant.signIn('cyd');
  const mine = await pause('reservation.cancel', { reservationId: await reserve(1) }, { caller: cyd });
  const all: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await ask('approval.list', { limit: '2', ...(after ? { after } : {}) });
    all.push(...page.approvals.map(({ approvalId }: { approvalId: string }) => approvalId));
    if (page.next === null) break;
    after = page.next;
  }
  expect(all.length).toBeGreaterThan(3);
  expect(all).toEqual(all.toSorted());
  const ids = async (filter: object): Promise<string[]> =>
    (await ask('approval.list', filter)).approvals.map(({ approvalId }: { approvalId: string }) => approvalId);
  expect(await ids({ requestedBy: cyd.actor.id })).toEqual([mine]);
  expect(await ids({ status: 'REQUESTED' })).toContain(mine);
  expect(await ids({ status: 'DENIED' })).not.toContain(mine);
  expect(await ids({ commandType: 'allocation.override' })).toEqual([]);
  const settings = { loginMaxAgeSeconds: 600 };
  const tenantWide = await pause('access.configure_tenant', { settings }, { caller: cyd });
  expect(await ids({})).not.toContain(tenantWide);
  const listed = await ask('approval.list_tenant', {}, 'control');
  expect(listed.approvals.map(({ approvalId }: { approvalId: string }) => approvalId)).toEqual([tenantWide]);
});

describe('an ordinary command over the tenant’s limit', () => {
  const raised: Caller['tenantPolicy'] = { ...defaultTenantPolicy, raiseAbove: { 'inventory.adjust': 50 } };

  test('counts as R2 and waits; at the limit it runs', async () => {
    const caller: Caller = { ...stocked.tenant.caller, tenantPolicy: raised };
    const adjust = (delta: number) =>
      stocked.tenant.run('inventory.adjust', { ...level, delta, reason: 'counted' }, { caller });
    const before = (await stocked.levelOf(level)).onHand;
    expect(wordOf(await adjust(50))).toBe('SUCCEEDED');
    for (const delta of [51, -51]) {
      const outcome = await adjust(delta);
      expect(wordOf(outcome)).toBe('PENDING_APPROVAL');
      const { bytes } = receiptOf(outcome);
      expect(JSON.parse(Buffer.from(bytes).toString('utf8'))).toMatchObject({
        risk: 'R2',
        policy: { rule: 'named_human_approves', facts: { amount: 51, amountLimit: 50, risk: 'R1' } },
      });
    }
    expect((await stocked.levelOf(level)).onHand).toBe(before + 50);
  });
});

test('where the tenant names the roles that approve a command, only who has one of them may vote', async () => {
  const [ada, cyd] = await Promise.all(['ada', 'cyd'].map((handle) => stocked.tenant.signIn(handle)));
  const settings = { approverRoles: { 'reservation.cancel': ['administrator'] } };
  const change = await pause('access.configure_tenant', { settings }, { caller: cyd as Caller });
  const decided = { approvalId: change, level: 'tenant' };
  expect(wordOf(await stocked.tenant.run('approval.approve', decided, { caller: ada as Caller }))).toBe('SUCCEEDED');
  const { rows } = await stocked.admin.query('select settings from kf.tenant_policies');
  const tenantPolicy = parseTenantPolicy(rows[0].settings) ?? defaultTenantPolicy;
  const caller: Caller = { ...stocked.tenant.caller, tenantPolicy };
  const approvalId = await pause('reservation.cancel', { reservationId: await reserve(1) }, { caller });
  const { mayVote } = await ask('approval.get', { approvalId });
  expect(mayVote.map(({ handle }: { handle: string }) => handle)).toEqual(['cyd']);
  const refused = await stocked.tenant.run('approval.approve', { approvalId }, { caller: ada as Caller });
  expect(wordOf(refused)).toBe('vote_not_allowed');
});
