import type { ReceiptBody } from '@karmanflow/receipts';
import type { Caller } from '../executor/metadata.ts';
import type { Outcome } from '../executor/outcome.ts';
import { createStockedWorld, type Level, type StockedWorld } from './stocked-world.ts';
import type { RunOptions } from './test-tenant.ts';

export interface PausedRequest {
  readonly reservationId: string;
  readonly approvalId: string;
  readonly key: string;
  readonly receipt: ReceiptBody;
}

/** A stocked world with people who vote, and a reservation to cancel whenever a test wants one. */
export interface ApprovalWorld extends StockedWorld {
  readonly level: Level;
  readonly ada: Caller;
  readonly bob: Caller;
  readonly cyd: Caller;
  run(type: string, input: unknown, options?: RunOptions): Promise<Outcome>;
  reservation(): Promise<string>;
  /** A cancellation that waits. */
  paused(options?: RunOptions): Promise<PausedRequest>;
  approve(approvalId: string, caller: Caller, options?: RunOptions): Promise<Outcome>;
  statusOf(reservationId: string): Promise<string>;
  approvalRow(approvalId: string): Promise<Record<string, unknown>>;
  /** Receipts of what the approval let run. */
  executions(approvalId: string): Promise<ReceiptBody[]>;
}

export function bodyOf(outcome: Outcome): ReceiptBody {
  if (outcome.kind === 'rejected') throw new Error(`${outcome.code}: ${outcome.detail}`);
  return JSON.parse(Buffer.from(outcome.receipt.bytes).toString('utf8')) as ReceiptBody;
}

export function answerOf(outcome: Outcome): Record<string, unknown> {
  if (outcome.kind === 'rejected') throw new Error(`${outcome.code}: ${outcome.detail}`);
  return outcome.receipt.response === null
    ? {}
    : (JSON.parse(Buffer.from(outcome.receipt.response).toString('utf8')) as Record<string, unknown>);
}

/** How a command ended, in a word: its status, or the code of its refusal with the rule where there is one. */
export function endOf(outcome: Outcome): string {
  if (outcome.kind === 'rejected') return outcome.code;
  const { status, refusal, policy } = bodyOf(outcome);
  if (status === 'DENIED') return `DENIED ${policy.rule}`;
  if (!refusal) return status;
  const rule = refusal.detail['rule'];
  return typeof rule === 'string' ? `${refusal.code} ${rule}` : refusal.code;
}

export async function createApprovalWorld(): Promise<ApprovalWorld> {
  const stocked = await createStockedWorld();
  const level = await stocked.stock(100_000);
  const [ada, bob, cyd] = await Promise.all(['ada', 'bob', 'cyd'].map((handle) => stocked.tenant.signIn(handle)));
  if (!ada || !bob || !cyd) throw new Error('three people sign in');
  const run: ApprovalWorld['run'] = (type, input, options) => stocked.tenant.run(type, input, options);
  const reservation = async (): Promise<string> => String(answerOf(await stocked.reserve(level, 1))['reservationId']);
  return {
    ...stocked,
    level,
    ada,
    bob,
    cyd,
    run,
    reservation,
    async paused(options = {}) {
      const reservationId = await reservation();
      const key = options.key ?? Bun.randomUUIDv7();
      const outcome = await run('reservation.cancel', { reservationId }, { ...options, key });
      if (endOf(outcome) !== 'PENDING_APPROVAL') throw new Error(`it did not wait: ${endOf(outcome)}`);
      return { reservationId, key, approvalId: String(answerOf(outcome)['approvalId']), receipt: bodyOf(outcome) };
    },
    approve: (approvalId, caller, options = {}) => run('approval.approve', { approvalId }, { caller, ...options }),
    async statusOf(reservationId) {
      const { rows } = await stocked.admin.query('select status from kf.reservations where id = $1', [
        reservationId.slice(4),
      ]);
      return String(rows[0]?.status);
    },
    async approvalRow(approvalId) {
      const { rows } = await stocked.admin.query('select * from kf.approvals where id = $1', [approvalId.slice(4)]);
      return rows[0] as Record<string, unknown>;
    },
    async executions(approvalId) {
      const { rows } = await stocked.admin.query<{ body: Buffer }>('select body from kf.command_receipts');
      return rows
        .map(({ body }) => JSON.parse(body.toString('utf8')) as ReceiptBody)
        .filter(({ approval, status }) => approval?.approvalId === approvalId && status !== 'PENDING_APPROVAL');
    },
  };
}
