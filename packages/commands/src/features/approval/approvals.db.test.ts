import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { explainDecision, roles } from '@karmanflow/policy';
import type { ReceiptBody } from '@karmanflow/receipts';
import { controlEnvironmentOf } from '@karmanflow/schema';
import type { Caller } from '../../executor/metadata.ts';
import type { Outcome } from '../../executor/outcome.ts';
import { systemAuthority } from '../../executor/system-authority.ts';
import { createStockedWorld, type Level, type StockedWorld } from '../../testing/stocked-world.ts';
import { proveHistory } from '../../testing/prove-history.ts';
import type { RunOptions } from '../../testing/test-tenant.ts';

let stocked: StockedWorld;
let level: Level;
let ada: Caller;
let bob: Caller;
let cyd: Caller;

beforeAll(async () => {
  stocked = await createStockedWorld();
  level = await stocked.stock(100_000);
  ada = await stocked.tenant.signIn('ada');
  bob = await stocked.tenant.signIn('bob');
  cyd = await stocked.tenant.signIn('cyd');
});
afterAll(() => stocked.close());

const run = (type: string, input: unknown, options?: RunOptions) => stocked.tenant.run(type, input, options);

function bodyOf(outcome: Outcome): ReceiptBody {
  if (outcome.kind === 'rejected') throw new Error(`${outcome.code}: ${outcome.detail}`);
  return JSON.parse(Buffer.from(outcome.receipt.bytes).toString('utf8')) as ReceiptBody;
}

function responseOf(outcome: Outcome): Record<string, unknown> {
  if (outcome.kind === 'rejected') throw new Error(`${outcome.code}: ${outcome.detail}`);
  return outcome.receipt.response === null
    ? {}
    : (JSON.parse(Buffer.from(outcome.receipt.response).toString('utf8')) as Record<string, unknown>);
}

/** How a command ended, in a word: its status, or the code of its refusal with the rule where there is one. */
function endOf(outcome: Outcome): string {
  if (outcome.kind === 'rejected') return outcome.code;
  const { status, refusal, policy } = bodyOf(outcome);
  if (status === 'DENIED') return `DENIED ${policy.rule}`;
  if (!refusal) return status;
  const rule = refusal.detail['rule'];
  return typeof rule === 'string' ? `${refusal.code} ${rule}` : refusal.code;
}

async function reservation(quantity = 1): Promise<string> {
  return String(responseOf(await stocked.reserve(level, quantity))['reservationId']);
}

interface Paused {
  readonly reservationId: string;
  readonly approvalId: string;
  readonly key: string;
  readonly receipt: ReceiptBody;
}

async function paused(options: RunOptions = {}): Promise<Paused> {
  const reservationId = await reservation();
  const key = options.key ?? Bun.randomUUIDv7();
  const outcome = await run('reservation.cancel', { reservationId }, { ...options, key });
  expect(endOf(outcome)).toBe('PENDING_APPROVAL');
  return { reservationId, key, approvalId: String(responseOf(outcome)['approvalId']), receipt: bodyOf(outcome) };
}

const approve = (approvalId: string, caller: Caller, options: RunOptions = {}) =>
  run('approval.approve', { approvalId }, { caller, ...options });

async function statusOf(reservationId: string): Promise<string> {
  const { rows } = await stocked.admin.query('select status from kf.reservations where id = $1', [
    reservationId.slice(4),
  ]);
  return String(rows[0]?.status);
}

async function approvalRow(approvalId: string): Promise<Record<string, unknown>> {
  const { rows } = await stocked.admin.query('select * from kf.approvals where id = $1', [approvalId.slice(4)]);
  return rows[0] as Record<string, unknown>;
}

async function executions(approvalId: string): Promise<ReceiptBody[]> {
  const { rows } = await stocked.admin.query<{ body: Buffer }>('select body from kf.command_receipts');
  return rows
    .map(({ body }) => JSON.parse(body.toString('utf8')) as ReceiptBody)
    .filter(({ approval, status }) => approval?.approvalId === approvalId && status !== 'PENDING_APPROVAL');
}

describe('a command of class R2', () => {
  test('pauses, is refused to its requester, and runs inside the vote of another human', async () => {
    const before = await stocked.levelOf(level);
    const { approvalId, reservationId, key, receipt } = await paused();
    expect(receipt.approval).toEqual({ approvalId, approvers: [] });
    // Also with a session of their own: the human is the same.
    const self = await stocked.tenant.signIn('user');
    expect(endOf(await approve(approvalId, self))).toBe('vote_not_allowed voter_is_requester');
    expect(await statusOf(reservationId)).toBe('ACTIVE');

    const vote = await approve(approvalId, ada);
    expect(responseOf(vote)).toMatchObject({ approvalId, status: 'EXECUTED', approvals: 1, quorum: 1 });
    expect(await statusOf(reservationId)).toBe('CANCELLED');
    expect((await stocked.levelOf(level)).reserved).toBe(before.reserved);

    const [execution, ...others] = await executions(approvalId);
    expect(others).toEqual([]);
    expect(execution).toMatchObject({
      command: { type: 'reservation.cancel', payloadHash: receipt.command.payloadHash },
      status: 'SUCCEEDED',
      actor: receipt.actor,
      credential: receipt.credential,
      correlationId: receipt.correlationId,
      causationId: bodyOf(vote).receiptId,
      approval: { approvalId, approvers: [ada.actor.id] },
      policy: { decision: 'allow', rule: 'approved_by_quorum' },
    });
    expect(responseOf(vote)['executionReceiptId']).toBe(execution?.receiptId as string);

    // Whoever sends the paused command again learns what became of it.
    const again = await run('reservation.cancel', { reservationId }, { key });
    expect(again).toMatchObject({ kind: 'receipt', replayed: true, approval: { status: 'EXECUTED' } });
    expect(bodyOf(again).receiptId).toBe(execution?.receiptId as string);
    expect(responseOf(again)).toMatchObject({ status: 'CANCELLED' });
  });

  test('is judged by facts that stand on the receipt, before and after', async () => {
    const { approvalId, receipt } = await paused();
    await approve(approvalId, ada);
    const [execution] = await executions(approvalId);
    for (const { policy } of [receipt, execution as ReceiptBody]) {
      const hash = policy.ruleSetHash.replace('sha256:', '');
      const explained = explainDecision({ ...policy, ruleSetHash: hash } as never);
      expect(explained).toMatchObject({ agrees: true, rule: policy.rule, doubts: [] });
    }
  });

  test('waits until it is decided, whoever asks how it stands', async () => {
    const { key, reservationId, approvalId } = await paused();
    const again = await run('reservation.cancel', { reservationId }, { key });
    expect(again).toMatchObject({ replayed: true, approval: { approvalId, status: 'REQUESTED', approvals: 0 } });
    expect(endOf(await run('reservation.cancel', { reservationId: await reservation() }, { key }))).toBe(
      'idempotency_key_reused',
    );
  });

  test('is denied for good by one human', async () => {
    const { approvalId, reservationId, key } = await paused();
    expect(responseOf(await run('approval.deny', { approvalId }, { caller: bob }))).toMatchObject({ status: 'DENIED' });
    expect(endOf(await approve(approvalId, ada))).toBe('approval_not_pending');
    expect(await statusOf(reservationId)).toBe('ACTIVE');
    const again = await run('reservation.cancel', { reservationId }, { key });
    expect(again).toMatchObject({ replayed: true, approval: { status: 'DENIED' } });
    expect(endOf(again)).toBe('PENDING_APPROVAL');
    expect(await executions(approvalId)).toEqual([]);
  });

  test('is taken back by whoever asked, and by nobody else', async () => {
    const { approvalId } = await paused();
    expect(endOf(await run('approval.cancel', { approvalId }, { caller: cyd }))).toBe('approval_not_yours');
    expect(endOf(await run('approval.cancel', { approvalId }))).toBe('SUCCEEDED');
    expect(endOf(await approve(approvalId, ada))).toBe('approval_not_pending');
  });

  test('that state refuses by now ends as failed, and both learn why', async () => {
    const { approvalId, reservationId, key } = await paused();
    const other = await run('reservation.cancel', { reservationId }, { caller: cyd });
    await approve(String(responseOf(other)['approvalId']), ada);
    const vote = responseOf(await approve(approvalId, ada));
    expect(vote).toMatchObject({ status: 'FAILED', failure: 'reservation_not_active' });
    const again = await run('reservation.cancel', { reservationId }, { key });
    expect(again).toMatchObject({ replayed: true, approval: { status: 'FAILED', failure: 'reservation_not_active' } });
    expect(endOf(again)).toBe('reservation_not_active');
  });

  test('runs on the version that its requester saw, or not at all', async () => {
    const reservationId = await reservation();
    const outcome = await run('reservation.cancel', { reservationId }, { expectedVersion: 1 });
    const { approvalId } = responseOf(outcome) as { approvalId: string };
    await stocked.tenant.succeed('reservation.extend', { reservationId, holdSeconds: 1_000 });
    expect(responseOf(await approve(approvalId, ada))).toMatchObject({ status: 'FAILED', failure: 'version_conflict' });
    expect(await statusOf(reservationId)).toBe('ACTIVE');
  });
});

describe('a vote', () => {
  test('needs a person who logged in lately', async () => {
    const { approvalId } = await paused();
    const stale = await stocked.tenant.signIn('ada', { loginAgeSeconds: 3_600 });
    expect(endOf(await approve(approvalId, stale))).toBe('vote_not_allowed login_not_fresh');
    // An API key is no login, whoever it belongs to.
    const byKey = { ...ada, credential: stocked.tenant.caller.credential, loginAgeSeconds: null };
    expect(endOf(await approve(approvalId, byKey))).toBe('vote_not_allowed login_not_fresh');
    const out = await stocked.tenant.signIn('ada');
    await stocked.tenant.succeed('access.revoke_session', { sessionId: out.credential?.id });
    expect(endOf(await approve(approvalId, out))).toBe('vote_not_allowed login_not_fresh');
  });

  test('is nothing for services, connectors, agents or the system, whatever they were granted', async () => {
    const { approvalId } = await paused();
    for (const type of ['SERVICE', 'CONNECTOR', 'AGENT', 'SYSTEM'] as const) {
      const id = stocked.tenant.principals.get(type.toLowerCase());
      if (!id) throw new Error(`no ${type}`);
      const caller: Caller = { ...ada, actor: { type, id, onBehalfOf: null }, scopes: new Set(roles.approver) };
      expect(endOf(await approve(approvalId, caller))).toBe('DENIED actor_type_not_accepted');
    }
  });

  test('counts what was granted, as it stands in the transaction and not in the caller', async () => {
    const { approvalId } = await paused();
    const granted: Caller = { ...ada, actor: { ...ada.actor, id: stocked.tenant.principals.get('service') as never } };
    expect(endOf(await approve(approvalId, granted))).toMatch(/^vote_not_allowed/);
  });

  test('is not for the human behind a request', async () => {
    const onBehalfOf = bob.actor.id;
    const agent: Caller = {
      ...stocked.tenant.caller,
      actor: { type: 'AGENT', id: stocked.tenant.principals.get('agent') as never, onBehalfOf },
      riskCeiling: 'R2',
    };
    const { approvalId } = await paused({ caller: agent });
    expect(endOf(await approve(approvalId, bob))).toBe('vote_not_allowed voter_is_behind_requester');
  });

  test('finds nothing in another environment, and says so like of what does not exist', async () => {
    const { approvalId } = await paused();
    const elsewhere = await stocked.tenant.signIn('ada', { environment: 'production' });
    const foreign = await approve(approvalId, elsewhere);
    expect(endOf(foreign)).toBe('approval_not_found');
    const level_ = await run('approval.approve', { approvalId, level: 'tenant' }, { caller: ada });
    expect(endOf(level_)).toBe('approval_not_found');
  });
});

describe('what a tenant settles', () => {
  test('a quorum of two takes two humans, each once, and new rules supersede what waited under the old', async () => {
    const early = await paused();
    const settings = { quorum: { 'reservation.cancel': 2 } };
    const proposed = await run('access.configure_tenant', { settings }, { caller: cyd });
    expect(endOf(proposed)).toBe('PENDING_APPROVAL');
    const { approvalId: change } = responseOf(proposed) as { approvalId: string };
    expect(endOf(await approve(change, ada))).toBe('approval_not_found');
    const tenantVote = await run('approval.approve', { approvalId: change, level: 'tenant' }, { caller: ada });
    expect(responseOf(tenantVote)).toMatchObject({ status: 'EXECUTED' });

    expect(responseOf(await approve(early.approvalId, ada))).toMatchObject({
      status: 'SUPERSEDED',
      failure: 'policy_changed',
    });
    expect(await statusOf(early.reservationId)).toBe('ACTIVE');

    const { rows } = await stocked.admin.query<{ settings: string }>('select settings from kf.tenant_policies');
    const { parseTenantPolicy } = await import('@karmanflow/policy');
    const tenantPolicy = parseTenantPolicy(rows[0]?.settings);
    if (!tenantPolicy) throw new Error('the settings do not parse');
    const caller = { ...stocked.tenant.caller, tenantPolicy };
    const { approvalId, reservationId } = await paused({ caller });
    expect(responseOf(await approve(approvalId, ada))).toMatchObject({ status: 'REQUESTED', approvals: 1, quorum: 2 });
    expect(endOf(await approve(approvalId, ada))).toBe('vote_not_allowed voted_already');
    expect(await statusOf(reservationId)).toBe('ACTIVE');
    expect(responseOf(await approve(approvalId, bob))).toMatchObject({ status: 'EXECUTED', approvals: 2 });
    const [execution] = await executions(approvalId);
    expect(execution?.approval?.approvers).toEqual([ada.actor.id, bob.actor.id]);

    const back = await run(
      'access.configure_tenant',
      { settings: { quorum: {} } },
      { caller: { ...cyd, tenantPolicy } },
    );
    const { approvalId: backId } = responseOf(back) as { approvalId: string };
    const restored = await run('approval.approve', { approvalId: backId, level: 'tenant' }, { caller: ada });
    expect(responseOf(restored)).toMatchObject({ status: 'EXECUTED' });
  });
});

describe('authority that is gone when the vote comes', () => {
  test('a revoked key asks for nothing any more', async () => {
    const tenant = await stocked.world.createTenant('Revoked');
    const own = await stocked.stock(10, tenant);
    const made = await tenant.succeed('reservation.create', { lines: [{ ...own, quantity: 1 }] });
    const outcome = await tenant.run('reservation.cancel', { reservationId: made['reservationId'] });
    const voter = await tenant.signIn('ada');
    await tenant.succeed('access.revoke_api_key', { apiKeyId: tenant.caller.credential?.id });
    const vote = await tenant.run(
      'approval.approve',
      { approvalId: responseOf(outcome)['approvalId'] },
      { caller: voter },
    );
    expect(responseOf(vote)).toMatchObject({ status: 'FAILED', failure: 'scope_missing' });
    expect(await statusOf(String(made['reservationId']))).toBe('ACTIVE');
  });
});

describe('two at once', () => {
  const rounds = 6;

  async function race(
    arrange: () => Promise<{ approvalId: string; reservationId: string }>,
    ...attempts: ((id: string, executor: RunOptions) => Promise<Outcome>)[]
  ): Promise<string[][]> {
    const processes = [stocked.world.executor, stocked.neighbour()];
    const ends: string[][] = [];
    for (let round = 0; round < rounds; round += 1) {
      const { approvalId, reservationId } = await arrange();
      const outcomes = await Promise.all(
        attempts.map((attempt, index) =>
          attempt(approvalId, { executor: processes[(index + round) % 2] ?? stocked.world.executor }),
        ),
      );
      const row = await approvalRow(approvalId);
      const ran = (await executions(approvalId)).filter(({ status }) => status === 'SUCCEEDED').length;
      expect(ran).toBe(row['status'] === 'EXECUTED' ? 1 : 0);
      expect(await statusOf(reservationId)).toBe(row['status'] === 'EXECUTED' ? 'CANCELLED' : 'ACTIVE');
      ends.push([String(row['status']), ...outcomes.map(endOf)]);
    }
    return ends;
  }

  test('two approvers: one vote decides, the other finds it decided', async () => {
    const ends = await race(
      paused,
      (id, options) => approve(id, ada, options),
      (id, options) => approve(id, bob, options),
    );
    for (const [status, ...each] of ends) {
      expect(status).toBe('EXECUTED');
      expect(each.toSorted()).toEqual(['SUCCEEDED', 'approval_not_pending']);
    }
  });

  test('one human twice: one vote', async () => {
    const ends = await race(
      paused,
      (id, options) => approve(id, ada, options),
      (id, options) => approve(id, ada, options),
    );
    for (const [, ...each] of ends) expect(each.toSorted()).toEqual(['SUCCEEDED', 'approval_not_pending']);
  });

  test('approve against deny, and approve against cancel: exactly one ends it', async () => {
    const denials = await race(
      paused,
      (id, options) => approve(id, ada, options),
      (id, options) => run('approval.deny', { approvalId: id }, { caller: bob, ...options }),
    );
    const cancels = await race(
      paused,
      (id, options) => approve(id, ada, options),
      (id, options) => run('approval.cancel', { approvalId: id }, options),
    );
    for (const [, ...each] of [...denials, ...cancels]) {
      expect(each.toSorted()).toEqual(['SUCCEEDED', 'approval_not_pending']);
    }
  });

  test('approve against expire: the clock decides, once', async () => {
    // A world of its own: the ends of these requests are moved behind the pipeline's back.
    const other = await createStockedWorld();
    try {
      const { tenant } = other;
      const own = await other.stock(1_000);
      const voter = await tenant.signIn('ada');
      const sweeper: Caller = {
        ...tenant.caller,
        ...systemAuthority('expiry_sweeper'),
        actor: { type: 'SYSTEM', id: tenant.principals.get('system') as never, onBehalfOf: null },
        credential: null,
      };
      const neighbour = other.neighbour();
      const seen = new Set<string>();
      for (let round = 0; round < 12; round += 1) {
        const made = await tenant.succeed('reservation.create', { lines: [{ ...own, quantity: 1 }] });
        const asked = await tenant.run('reservation.cancel', { reservationId: made['reservationId'] });
        const { approvalId } = responseOf(asked) as { approvalId: string };
        const id = approvalId.slice(4);
        // Around the moment at which both arrive, a little earlier or later each time.
        await other.admin.query('update kf.approvals set expires_at = clock_timestamp() + $2::interval where id = $1', [
          id,
          `${(round % 4) * 4} ms`,
        ]);
        const ends = await Promise.all([
          tenant.run('approval.approve', { approvalId }, { caller: voter }),
          tenant.run('approval.expire', { approvalId }, { caller: sweeper, executor: neighbour }),
        ]);
        const { rows } = await other.admin.query('select status from kf.approvals where id = $1', [id]);
        const [approved, expired] = ends.map(endOf);
        const status = String(rows[0]?.status);
        seen.add(status);
        expect([approved === 'SUCCEEDED', expired === 'SUCCEEDED']).toEqual([
          status === 'EXECUTED',
          status === 'EXPIRED',
        ]);
      }
      expect([...seen].every((status) => ['EXECUTED', 'EXPIRED', 'REQUESTED'].includes(status))).toBe(true);
      expect(seen.size).toBeGreaterThan(1);
    } finally {
      await other.close();
    }
  });

  test('approve against the revocation of the requesting key: one order or the other', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < rounds; round += 1) {
      const tenant = await stocked.world.createTenant(`Race ${round}`);
      const own = await stocked.stock(10, tenant);
      const made = await tenant.succeed('reservation.create', { lines: [{ ...own, quantity: 1 }] });
      const asked = await tenant.run('reservation.cancel', { reservationId: made['reservationId'] });
      const voter = await tenant.signIn('ada');
      const { approvalId } = responseOf(asked) as { approvalId: string };
      const [vote, revoked] = await Promise.all([
        tenant.run('approval.approve', { approvalId }, { caller: voter }),
        tenant.run(
          'access.revoke_api_key',
          { apiKeyId: tenant.caller.credential?.id },
          { executor: stocked.neighbour() },
        ),
      ]);
      expect(endOf(revoked)).toBe('SUCCEEDED');
      const { status } = responseOf(vote) as { status: string };
      seen.add(status);
      expect(['EXECUTED', 'FAILED']).toContain(status);
      expect(await statusOf(String(made['reservationId']))).toBe(status === 'EXECUTED' ? 'CANCELLED' : 'ACTIVE');
    }
    expect(seen.size).toBeGreaterThan(0);
  });
});

test('the control environment of the tenant keeps requests of its own', async () => {
  const { rows } = await stocked.admin.query('select distinct environment_id from kf.approvals where tenant_id = $1', [
    stocked.tenant.tenantId.slice(4),
  ]);
  const control = controlEnvironmentOf(stocked.tenant.tenantId).slice(4);
  expect(rows.map(({ environment_id: id }) => id)).toContain(control);
  expect(rows.length).toBeGreaterThan(1);
});

test('the schema itself refuses a vote on one’s own request', async () => {
  const { approvalId } = await paused();
  const row = await approvalRow(approvalId);
  await expect(
    stocked.admin.query(
      `insert into kf.approval_votes (tenant_id, environment_id, approval_id, voter_id, requested_by, vote, voted_at, receipt_id)
       values ($1, $2, $3, $4, $4, 'APPROVE', now(), $5)`,
      [row['tenant_id'], row['environment_id'], row['id'], row['requested_by'], row['receipt_id']],
    ),
  ).rejects.toThrow('nobody_votes_on_their_own');
});

test('afterwards every receipt verifies, and the events rebuild the tables', async () => {
  const proof = await proveHistory({ adminUrl: stocked.world.testDatabase.adminUrl, signer: stocked.world.signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(50);
});
