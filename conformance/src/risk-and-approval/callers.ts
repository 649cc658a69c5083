import type { AnyCommand } from '@karmanflow/commands';
import type { Client, GovernedTenant } from '../governance/governed.ts';

/** Half a day: no tenant lets a login count for that long. */
export const oldLoginSeconds = 7 * 60 * 60;

/** One sender of each kind. All have every scope and a credential without a ceiling, so only who they are is left to judge. */
export async function callersOf(tenant: GovernedTenant): Promise<readonly Client[]> {
  return [
    tenant.key('user'),
    await tenant.session('user'),
    await tenant.session('user', 'sandbox', oldLoginSeconds),
    tenant.key('service'),
    tenant.key('connector'),
    tenant.key('agent'),
    tenant.key('system'),
  ];
}

export type Due =
  | { readonly kind: 'runs' }
  | { readonly kind: 'pauses'; readonly rule: string }
  | { readonly kind: 'denied'; readonly rule: string };

/** What is due to a sender who has the scope, as docs/concepts/risk-classes.md says it. Nothing here asks policy. */
export function dueTo({ actorType, credential }: Client, { risk, actorTypes }: AnyCommand): Due {
  if (actorTypes !== undefined && !actorTypes.includes(actorType)) {
    return { kind: 'denied', rule: 'actor_type_not_accepted' };
  }
  if (risk === 'R3' && actorType === 'AGENT') return { kind: 'denied', rule: 'risk_above_ceiling' };
  if (risk === 'R3' && actorType !== 'USER') return { kind: 'denied', rule: 'human_only' };
  if (risk === 'R3' && credential !== 'session') return { kind: 'denied', rule: 'login_not_fresh' };
  if (risk === 'R3') return { kind: 'pauses', rule: 'second_human_approves' };
  if (risk === 'R2') return { kind: 'pauses', rule: 'named_human_approves' };
  return { kind: 'runs' };
}
