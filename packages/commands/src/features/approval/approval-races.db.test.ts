import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Caller } from '../../executor/metadata.ts';
import type { Outcome } from '../../executor/outcome.ts';
import { systemAuthority } from '../../executor/system-authority.ts';
import { answerOf, type ApprovalWorld, createApprovalWorld, endOf } from '../../testing/approval-world.ts';
import { proveHistory } from '../../testing/prove-history.ts';
import { createStockedWorld } from '../../testing/stocked-world.ts';
import type { RunOptions } from '../../testing/test-tenant.ts';

let world: ApprovalWorld;

beforeAll(async () => {
  world = await createApprovalWorld();
});
afterAll(() => world.close());

describe('two at once', () => {
  const rounds = 6;

  async function race(
    arrange: () => Promise<{ approvalId: string; reservationId: string }>,
    ...attempts: ((id: string, executor: RunOptions) => Promise<Outcome>)[]
  ): Promise<string[][]> {
    const processes = [world.world.executor, world.neighbour()];
    const ends: string[][] = [];
    for (let round = 0; round < rounds; round += 1) {
      const { approvalId, reservationId } = await arrange();
      const outcomes = await Promise.all(
        attempts.map((attempt, index) =>
          attempt(approvalId, { executor: processes[(index + round) % 2] ?? world.world.executor }),
        ),
      );
      const row = await world.approvalRow(approvalId);
      const ran = (await world.executions(approvalId)).filter(({ status }) => status === 'SUCCEEDED').length;
      expect(ran).toBe(row['status'] === 'EXECUTED' ? 1 : 0);
      expect(await world.statusOf(reservationId)).toBe(row['status'] === 'EXECUTED' ? 'CANCELLED' : 'ACTIVE');
      ends.push([String(row['status']), ...outcomes.map(endOf)]);
    }
    return ends;
  }

  test('two approvers: one vote decides, the other finds it decided', async () => {
    const ends = await race(
      world.paused,
      (id, options) => world.approve(id, world.ada, options),
      (id, options) => world.approve(id, world.bob, options),
    );
    for (const [status, ...each] of ends) {
      expect(status).toBe('EXECUTED');
      expect(each.toSorted()).toEqual(['SUCCEEDED', 'approval_not_pending']);
    }
  });

  test('one human twice: one vote', async () => {
    const ends = await race(
      world.paused,
      (id, options) => world.approve(id, world.ada, options),
      (id, options) => world.approve(id, world.ada, options),
    );
    for (const [, ...each] of ends) expect(each.toSorted()).toEqual(['SUCCEEDED', 'approval_not_pending']);
  });

  test('approve against deny, and approve against cancel: exactly one ends it', async () => {
    const denials = await race(
      world.paused,
      (id, options) => world.approve(id, world.ada, options),
      (id, options) => world.run('approval.deny', { approvalId: id }, { caller: world.bob, ...options }),
    );
    const cancels = await race(
      world.paused,
      (id, options) => world.approve(id, world.ada, options),
      (id, options) => world.run('approval.cancel', { approvalId: id }, options),
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
        const { approvalId } = answerOf(asked) as { approvalId: string };
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
      const tenant = await world.world.createTenant(`Race ${round}`);
      const own = await world.stock(10, tenant);
      const made = await tenant.succeed('reservation.create', { lines: [{ ...own, quantity: 1 }] });
      const asked = await tenant.run('reservation.cancel', { reservationId: made['reservationId'] });
      const voter = await tenant.signIn('ada');
      const { approvalId } = answerOf(asked) as { approvalId: string };
      const [vote, revoked] = await Promise.all([
        tenant.run('approval.approve', { approvalId }, { caller: voter }),
        tenant.run(
          'access.revoke_api_key',
          { apiKeyId: tenant.caller.credential?.id },
          { executor: world.neighbour() },
        ),
      ]);
      expect(endOf(revoked)).toBe('SUCCEEDED');
      const { status } = answerOf(vote) as { status: string };
      seen.add(status);
      expect(['EXECUTED', 'FAILED']).toContain(status);
      expect(await world.statusOf(String(made['reservationId']))).toBe(status === 'EXECUTED' ? 'CANCELLED' : 'ACTIVE');
    }
    expect(seen.size).toBeGreaterThan(0);
  });
});

test('afterwards every receipt verifies, and the events rebuild the tables', async () => {
  const proof = await proveHistory({ adminUrl: world.world.testDatabase.adminUrl, signer: world.world.signer });
  expect(proof.complaints).toEqual([]);
  expect(proof.receipts).toBeGreaterThan(50);
});
