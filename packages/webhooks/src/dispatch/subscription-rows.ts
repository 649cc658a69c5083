import type { Statement } from '@karmanflow/events';
import { type Row, schemaName } from '@karmanflow/schema';
import type { EndpointHealth } from '../delivery/endpoint-health.ts';
import { type ScopePair, within } from './row-statements.ts';

export type CursorRow = Row<'webhook_cursors'>;
export type SubscriptionRow = Row<'webhook_subscriptions'>;

/** The name of a status of the machine in the database, and back. */
const healthNames = {
  healthy: 'HEALTHY',
  degraded: 'DEGRADED',
  suspended: 'SUSPENDED',
  gone: 'GONE',
  paused: 'PAUSED',
} as const;
export type HealthName = (typeof healthNames)[keyof typeof healthNames];

export function healthName(health: Pick<EndpointHealth, 'status'>): HealthName {
  return healthNames[health.status];
}

/** Locks the cursor: whoever holds it is the only one who claims, admits and records for this subscription. */
export function selectCursor(pair: ScopePair, subscriptionId: string): Statement {
  return {
    name: 'webhook_cursor',
    text: `SELECT c.* FROM ${schemaName}.webhook_cursors c WHERE ${within('c')} AND c.subscription_id = $3 FOR UPDATE`,
    values: [...pair, subscriptionId],
  };
}

export function selectSubscription(pair: ScopePair, subscriptionId: string): Statement {
  return {
    name: 'webhook_subscription',
    text:
      'SELECT s.*, r.version AS roster_version, h.evidence AS health_state, now() AS now' +
      ` FROM ${schemaName}.webhook_subscriptions s` +
      ` JOIN ${schemaName}.webhook_roster r ON ${within('r')} AND r.subscription_id = s.id` +
      ` LEFT JOIN ${schemaName}.webhook_health h ON ${within('h')} AND h.subscription_id = s.id` +
      ` WHERE ${within('s')} AND s.id = $3`,
    values: [...pair, subscriptionId],
  };
}

/** A subscription as its dispatcher sees it. */
export interface SubscriptionView extends SubscriptionRow {
  readonly roster_version: number;
  readonly health_state: EndpointHealth | null;
  readonly now: string;
}
