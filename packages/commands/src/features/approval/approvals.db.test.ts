import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { explainDecision, parseTenantPolicy, roles } from '@karmanflow/policy';
import type { ReceiptBody } from '@karmanflow/receipts';
import { controlEnvironmentOf } from '@karmanflow/schema';
import type { Caller } from '../../executor/metadata.ts';
import { answerOf, type ApprovalWorld, bodyOf, createApprovalWorld, endOf } from '../../testing/approval-world.ts';
import { proveHistory } from '../../testing/prove-history.ts';

let world: ApprovalWorld;

beforeAll(async () => {
  world = await createApprovalWorld();
});
afterAll(() => world.close());

describe('a command of class R2', () => {
  test('pauses, is refused to its requester, and runs inside the vote of another human', async () => {
    const before = await world.levelOf(world.level);
    const { approvalId, reservationId, key, receipt } = await world.paused();
    expect(receipt.approval).toEqual({ approvalId, approvers: [] });
    // Also with a session of their own: the human is the same.
    const self = await world.tenant.signIn('user');
    expect(endOf(await world.approve(approvalId, self))).toBe('vote_not_allowed voter_is_requester');
    expect(await world.statusOf(reservationId)).toBe('ACTIVE');

    const vote = await world.approve(approvalId, world.ada);
    expect(answerOf(vote)).toMatchObject({ approvalId, status: 'EXECUTED', approvals: 1, quorum: 1 });
    expect(await world.statusOf(reservationId)).toBe('CANCELLED');
    expect((await world.levelOf(world.level)).reserved).toBe(before.reserved);

    const [execution, ...others] = await world.executions(approvalId);
    expect(others).toEqual([]);
    expect(execution).toMatchObject({
      command: { type: 'reservation.cancel', payloadHash: receipt.command.payloadHash },
      status: 'SUCCEEDED',
      actor: receipt.actor,
      credential: receipt.credential,
      correlationId: receipt.correlationId,
      causationId: bodyOf(vote).receiptId,
      approval: { approvalId, approvers: [world.ada.actor.id] },
      policy: { decision: 'allow', rule: 'approved_by_quorum' },
    });
    expect(answerOf(vote)['executionReceiptId']).toBe(execution?.receiptId as string);

    // Whoever sends the paused command again learns what became of it.
    const again = await world.run('reservation.cancel', { reservationId }, { key });
    expect(again).toMatchObject({ kind: 'receipt', replayed: true, approval: { status: 'EXECUTED' } });
    expect(bodyOf(again).receiptId).toBe(execution?.receiptId as string);
    expect(answerOf(again)).toMatchObject({ status: 'CANCELLED' });
  });

  test('is judged by facts that stand on the receipt, before and after', async () => {
    const { approvalId, receipt } = await world.paused();
    await world.approve(approvalId, world.ada);
    const [execution] = await world.executions(approvalId);
    for (const { policy } of [receipt, execution as ReceiptBody]) {
      const hash = policy.ruleSetHash.replace('sha256:', '');
      const explained = explainDecision({ ...policy, ruleSetHash: hash } as never);
      expect(explained).toMatchObject({ agrees: true, rule: policy.rule, doubts: [] });
    }
  });

  test('waits until it is decided, whoever asks how it stands', async () => {
    const { key, reservationId, approvalId } = await world.paused();
    const again = await world.run('reservation.cancel', { reservationId }, { key });
    expect(again).toMatchObject({ replayed: true, approval: { approvalId, status: 'REQUESTED', approvals: 0 } });
    expect(endOf(await world.run('reservation.cancel', { reservationId: await world.reservation() }, { key }))).toBe(
      'idempotency_key_reused',
    );
  });

  test('is denied for good by one human', async () => {
    const { approvalId, reservationId, key } = await world.paused();
    expect(answerOf(await world.run('approval.deny', { approvalId }, { caller: world.bob }))).toMatchObject({
      status: 'DENIED',
    });
    expect(endOf(await world.approve(approvalId, world.ada))).toBe('approval_not_pending');
    expect(await world.statusOf(reservationId)).toBe('ACTIVE');
    const again = await world.run('reservation.cancel', { reservationId }, { key });
    expect(again).toMatchObject({ replayed: true, approval: { status: 'DENIED' } });
    expect(endOf(again)).toBe('PENDING_APPROVAL');
    expect(await world.executions(approvalId)).toEqual([]);
  });

  test('is taken back by whoever asked, and by nobody else', async () => {
    const { approvalId } = await world.paused();
    expect(endOf(await world.run('approval.cancel', { approvalId }, { caller: world.cyd }))).toBe('approval_not_yours');
    expect(endOf(await world.run('approval.cancel', { approvalId }))).toBe('SUCCEEDED');
    expect(endOf(await world.approve(approvalId, world.ada))).toBe('approval_not_pending');
  });

  test('that state refuses by now ends as failed, and both learn why', async () => {
    const { approvalId, reservationId, key } = await world.paused();
    const other = await world.run('reservation.cancel', { reservationId }, { caller: world.cyd });
    await world.approve(String(answerOf(other)['approvalId']), world.ada);
    const vote = answerOf(await world.approve(approvalId, world.ada));
    expect(vote).toMatchObject({ status: 'FAILED', failure: 'reservation_not_active' });
    const again = await world.run('reservation.cancel', { reservationId }, { key });
    expect(again).toMatchObject({ replayed: true, approval: { status: 'FAILED', failure: 'reservation_not_active' } });
    expect(endOf(again)).toBe('reservation_not_active');
  });

  test('runs on the version that its requester saw, or not at all', async () => {
    const reservationId = await world.reservation();
    const outcome = await world.run('reservation.cancel', { reservationId }, { expectedVersion: 1 });
    const { approvalId } = answerOf(outcome) as { approvalId: string };
    await world.tenant.succeed('reservation.extend', { reservationId, holdSeconds: 1_000 });
    expect(answerOf(await world.approve(approvalId, world.ada))).toMatchObject({
      status: 'FAILED',
      failure: 'version_conflict',
    });
    expect(await world.statusOf(reservationId)).toBe('ACTIVE');
  });
});

describe('a vote', () => {
  test('needs a person who logged in lately', async () => {
    const { approvalId } = await world.paused();
    const stale = await world.tenant.signIn('ada', { loginAgeSeconds: 3_600 });
    expect(endOf(await world.approve(approvalId, stale))).toBe('vote_not_allowed login_not_fresh');
    // An API key is no login, whoever it belongs to.
    const byKey = { ...world.ada, credential: world.tenant.caller.credential, loginAgeSeconds: null };
    expect(endOf(await world.approve(approvalId, byKey))).toBe('vote_not_allowed login_not_fresh');
    const out = await world.tenant.signIn('ada');
    await world.tenant.succeed('access.revoke_session', { sessionId: out.credential?.id });
    expect(endOf(await world.approve(approvalId, out))).toBe('vote_not_allowed login_not_fresh');
  });

  test('is nothing for services, connectors, agents or the system, whatever they were granted', async () => {
    const { approvalId } = await world.paused();
    for (const type of ['SERVICE', 'CONNECTOR', 'AGENT', 'SYSTEM'] as const) {
      const id = world.tenant.principals.get(type.toLowerCase());
      if (!id) throw new Error(`no ${type}`);
      const caller: Caller = { ...world.ada, actor: { type, id, onBehalfOf: null }, scopes: new Set(roles.approver) };
      expect(endOf(await world.approve(approvalId, caller))).toBe('DENIED actor_type_not_accepted');
    }
  });

  test('counts what was granted, as it stands in the transaction and not in the caller', async () => {
    const { approvalId } = await world.paused();
    const granted: Caller = {
      ...world.ada,
      actor: { ...world.ada.actor, id: world.tenant.principals.get('service') as never },
    };
    expect(endOf(await world.approve(approvalId, granted))).toMatch(/^vote_not_allowed/);
  });

  test('is not for the human behind a request', async () => {
    const onBehalfOf = world.bob.actor.id;
    const agent: Caller = {
      ...world.tenant.caller,
      actor: { type: 'AGENT', id: world.tenant.principals.get('agent') as never, onBehalfOf },
      riskCeiling: 'R2',
    };
    const { approvalId } = await world.paused({ caller: agent });
    expect(endOf(await world.approve(approvalId, world.bob))).toBe('vote_not_allowed voter_is_behind_requester');
  });

  test('finds nothing in another environment, and says so like of what does not exist', async () => {
    const { approvalId } = await world.paused();
    const elsewhere = await world.tenant.signIn('ada', { environment: 'production' });
    const foreign = await world.approve(approvalId, elsewhere);
    expect(endOf(foreign)).toBe('approval_not_found');
    const elsewhereLevel = await world.run('approval.approve', { approvalId, level: 'tenant' }, { caller: world.ada });
    expect(endOf(elsewhereLevel)).toBe('approval_not_found');
  });
});

describe('what a tenant settles', () => {
  test('a quorum of two takes two humans, each once, and new rules supersede what waited under the old', async () => {
    const early = await world.paused();
    const settings = { quorum: { 'reservation.cancel': 2 } };
    const proposed = await world.run('access.configure_tenant', { settings }, { caller: world.cyd });
    expect(endOf(proposed)).toBe('PENDING_APPROVAL');
    const { approvalId: change } = answerOf(proposed) as { approvalId: string };
    expect(endOf(await world.approve(change, world.ada))).toBe('approval_not_found');
    const tenantVote = await world.run(
      'approval.approve',
      { approvalId: change, level: 'tenant' },
      { caller: world.ada },
    );
    expect(answerOf(tenantVote)).toMatchObject({ status: 'EXECUTED' });

    expect(answerOf(await world.approve(early.approvalId, world.ada))).toMatchObject({
      status: 'SUPERSEDED',
      failure: 'policy_changed',
    });
    expect(await world.statusOf(early.reservationId)).toBe('ACTIVE');

    const { rows } = await world.admin.query<{ settings: string }>('select settings from kf.tenant_policies');
    const tenantPolicy = parseTenantPolicy(rows[0]?.settings);
    if (!tenantPolicy) throw new Error('the settings do not parse');
    const caller = { ...world.tenant.caller, tenantPolicy };
    const { approvalId, reservationId } = await world.paused({ caller });
    expect(answerOf(await world.approve(approvalId, world.ada))).toMatchObject({
      status: 'REQUESTED',
      approvals: 1,
      quorum: 2,
    });
    expect(endOf(await world.approve(approvalId, world.ada))).toBe('vote_not_allowed voted_already');
    expect(await world.statusOf(reservationId)).toBe('ACTIVE');
    expect(answerOf(await world.approve(approvalId, world.bob))).toMatchObject({ status: 'EXECUTED', approvals: 2 });
    const [execution] = await world.executions(approvalId);
    expect(execution?.approval?.approvers).toEqual([world.ada.actor.id, world.bob.actor.id]);

    const back = await world.run(
      'access.configure_tenant',
      { settings: { quorum: {} } },
      { caller: { ...world.cyd, tenantPolicy } },
    );
    const { approvalId: backId } = answerOf(back) as { approvalId: string };
    const restored = await world.run(
      'approval.approve',
      { approvalId: backId, level: 'tenant' },
      { caller: world.ada },
    );
    expect(answerOf(restored)).toMatchObject({ status: 'EXECUTED' });
  });
});

describe('authority that is gone when the vote comes', () => {
  test('a revoked key asks for nothing any more', async () => {
    const tenant = await world.world.createTenant('Revoked');
    const own = await world.stock(10, tenant);
    const made = await tenant.succeed('reservation.create', { lines: [{ ...own, quantity: 1 }] });
    const outcome = await tenant.run('reservation.cancel', { reservationId: made['reservationId'] });
    const voter = await tenant.signIn('ada');
    await tenant.succeed('access.revoke_api_key', { apiKeyId: tenant.caller.credential?.id });
    const vote = await tenant.run(
      'approval.approve',
      { approvalId: answerOf(outcome)['approvalId'] },
      { caller: voter },
    );
    expect(answerOf(vote)).toMatchObject({ status: 'FAILED', failure: 'scope_missing' });
    expect(await world.statusOf(String(made['reservationId']))).toBe('ACTIVE');
  });
});

test('the control environment of the tenant keeps requests of its own', async () => {
  const { rows } = await world.admin.query('select distinct environment_id from kf.approvals where tenant_id = $1', [
    world.tenant.tenantId.slice(4),
  ]);
  const control = controlEnvironmentOf(world.tenant.tenantId).slice(4);
  expect(rows.map(({ environment_id: id }) => id)).toContain(control);
  expect(rows.length).toBeGreaterThan(1);
});

test('the schema itself refuses a vote on one’s own request', async () => {
  const { approvalId } = await world.paused();
  const row = await world.approvalRow(approvalId);
  await expect(
    world.admin.query(
      `insert into kf.approval_votes (tenant_id, environment_id, approval_id, voter_id, requested_by, vote, voted_at, receipt_id)
       values ($1, $2, $3, $4, $4, 'APPROVE', now(), $5)`,
      [row['tenant_id'], row['environment_id'], row['id'], row['requested_by'], row['receipt_id']],
    ),
  ).rejects.toThrow('nobody_votes_on_their_own');
});

test('afterwards every receipt verifies, and the events rebuild the tables', async () => {
  const proof = await proveHistory({ adminUrl: world.world.testDatabase.adminUrl, signer: world.world.signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(50);
});
