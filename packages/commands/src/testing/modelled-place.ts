import type { Client } from 'pg';
import type { Caller } from '../executor/metadata.ts';
import type { Executor } from '../executor/executor.ts';
import type { Outcome } from '../executor/outcome.ts';
import type { TestTenant } from './test-tenant.ts';
import type { ModelLevel, ModelStep } from './reference-model.ts';

/** One environment of one tenant, driven by the steps of the model through the real pipeline. */
export interface ModelledPlace {
  readonly reservations: string[];
  readonly approvals: string[];
  /** Runs a step and says how it ended, in the model's words. */
  run(step: ModelStep, executor?: Executor): Promise<string>;
  levels(): Promise<ModelLevel[]>;
}

export async function createModelledPlace(options: {
  readonly tenant: TestTenant;
  readonly environment: 'sandbox' | 'production';
  readonly admin: Client;
  readonly levels: number;
  readonly onHand: number;
}): Promise<ModelledPlace> {
  const { tenant, environment, admin } = options;
  const environmentId = tenant.environments[environment];
  const kind = environment === 'sandbox' ? 'SANDBOX' : 'PRODUCTION';
  const caller: Caller = { ...tenant.caller, environmentId, environment: { kind, status: 'ACTIVE' } };
  const voter = await tenant.signIn('ada', { environment });
  const { locationId } = await tenant.succeed('inventory.register_location', { code: 'L', name: 'L' }, { caller });
  const levels: { variantId: string; locationId: string }[] = [];
  for (let index = 0; index < options.levels; index += 1) {
    const made = await tenant.succeed('inventory.register_variant', { sku: `V${index}`, name: 'V' }, { caller });
    const level = { variantId: String(made['variantId']), locationId: String(locationId) };
    await tenant.succeed('inventory.adjust', { ...level, delta: options.onHand, reason: 'received' }, { caller });
    levels.push(level);
  }
  const reservations: string[] = [];
  const approvals: string[] = [];
  const missing = '00000000-0000-7000-8000-000000000000';

  function commandOf(step: ModelStep): [type: string, input: unknown, by: Caller] {
    switch (step.do) {
      case 'adjust':
        return ['inventory.adjust', { ...levels[step.level], delta: step.delta, reason: 'counted' }, caller];
      case 'reserve':
        return [
          'reservation.create',
          { lines: step.lines.map(({ level, quantity }) => ({ ...levels[level], quantity })), holdSeconds: 3_600 },
          caller,
        ];
      case 'commit':
        return ['reservation.commit', { reservationId: reservations[step.which] ?? `rsv_${missing}` }, caller];
      case 'allocate':
        return ['allocation.create', { reservationId: reservations[step.which] ?? `rsv_${missing}` }, caller];
      case 'cancel':
        return ['reservation.cancel', { reservationId: reservations[step.which] ?? `rsv_${missing}` }, caller];
      case 'limit':
        return [
          'inventory.set_oversell_policy',
          { ...levels[step.level], mode: step.units === 0 ? 'STRICT' : 'LIMIT', quantity: step.units },
          caller,
        ];
      case 'approve':
      case 'deny':
        return [`approval.${step.do}`, { approvalId: approvals[step.which] ?? `apr_${missing}` }, voter];
    }
  }

  return {
    reservations,
    approvals,
    async run(step, executor) {
      const [type, input, by] = commandOf(step);
      const outcome = await tenant.run(type, input, { caller: by, ...(executor ? { executor } : {}) });
      const response = responseOf(outcome);
      if (typeof response['reservationId'] === 'string' && type === 'reservation.create')
        reservations.push(response['reservationId']);
      if (step.do === 'cancel' || step.do === 'limit') approvals.push(String(response['approvalId']));
      const isVote = step.do === 'approve' || step.do === 'deny';
      return isVote && typeof response['status'] === 'string' ? response['status'] : wordOf(outcome);
    },
    async levels() {
      const { rows } = await admin.query(
        `select l.on_hand, l.reserved, l.allocated, l.oversell_limit from kf.inventory_levels l
         join kf.variants v on (v.tenant_id, v.environment_id, v.id) = (l.tenant_id, l.environment_id, l.variant_id)
         where l.tenant_id = $1 and l.environment_id = $2 order by v.sku`,
        [tenant.tenantId.slice(4), environmentId.slice(4)],
      );
      return rows.map((row) => ({
        onHand: Number(row.on_hand),
        reserved: Number(row.reserved),
        allocated: Number(row.allocated),
        limit: Number(row.oversell_limit),
      }));
    },
  };
}

function responseOf(outcome: Outcome): Record<string, unknown> {
  if (outcome.kind === 'rejected' || outcome.receipt.response === null) return {};
  return JSON.parse(Buffer.from(outcome.receipt.response).toString('utf8')) as Record<string, unknown>;
}

function wordOf(outcome: Outcome): string {
  if (outcome.kind === 'rejected') return outcome.code;
  const { status, refusal } = JSON.parse(Buffer.from(outcome.receipt.bytes).toString('utf8')) as {
    status: string;
    refusal: { code: string } | null;
  };
  return refusal?.code ?? status;
}
