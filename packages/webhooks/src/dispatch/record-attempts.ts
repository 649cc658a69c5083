import type { Statement } from '@karmanflow/events';
import { schemaName } from '@karmanflow/schema';
import type { DeliveryResult } from '../delivery/delivery-result.ts';
import type { EndpointHealth, HealthPolicy } from '../delivery/endpoint-health.ts';
import type { DeliveryVerdict } from '../delivery/judge-result.ts';
import type { RetrySchedule } from '../delivery/retry-schedule.ts';
import type { DeliveryOrdering } from './delivery-sequence.ts';
import { dispatchLimits } from './dispatch-limits.ts';
import type { DeliveryLane } from './plan-claims.ts';
import { insertRows, type ScopePair, updateRows, within } from './row-statements.ts';
import { type AttemptResult, settleAttempt, type Settlement } from './settle-attempt.ts';
import { healthName } from './subscription-rows.ts';

/** A delivery as it stands while it is attempted. */
export interface LeasedRow {
  readonly id: string;
  readonly state: string;
  readonly lease_id: string | null;
  readonly attempts: number;
  readonly charged_attempts: number;
  readonly lane: DeliveryLane;
}

export interface RecordedAttempts {
  readonly statements: readonly Statement[];
  readonly health: EndpointHealth;
  readonly verdicts: readonly DeliveryVerdict[];
  /** Results whose delivery belongs to somebody else by now, or was recorded already: nothing is written of them. */
  readonly fencedOff: number;
  readonly ended: readonly string[];
}

export interface RecordOptions {
  readonly pair: ScopePair;
  readonly results: readonly AttemptResult[];
  readonly rows: readonly LeasedRow[];
  readonly ordering: DeliveryOrdering;
  readonly health: EndpointHealth;
  readonly healthPolicy?: HealthPolicy | undefined;
  readonly schedule?: RetrySchedule | undefined;
}

export function selectLeased(pair: ScopePair, deliveryIds: readonly string[]): Statement {
  return {
    name: 'webhook_leased',
    text:
      'SELECT d.id, d.state, d.lease_id, d.attempts, d.charged_attempts, d.lane' +
      ` FROM ${schemaName}.webhook_deliveries d WHERE ${within('d')} AND d.id = ANY($3::uuid[])`,
    values: [...pair, deliveryIds],
  };
}

/**
 * What is written of attempts that were made: each delivery goes on or ends, each attempt becomes a row, and what waited for
 * an ended one is let go. One after the other in the order of their ends, since each changes the endpoint's health.
 */
export function recordAttempts(options: RecordOptions): RecordedAttempts {
  const { pair, ordering, healthPolicy, schedule } = options;
  const rows = new Map(options.rows.map((row) => [row.id, row]));
  const deliveries: Record<string, unknown>[] = [];
  const attempts: Record<string, unknown>[] = [];
  const verdicts: DeliveryVerdict[] = [];
  const ended: string[] = [];
  let { health } = options;
  let fencedOff = 0;
  const inOrder = options.results.toSorted((a, b) => a.endedAtMilliseconds - b.endedAtMilliseconds);
  for (const attempt of inOrder) {
    const row = rows.get(attempt.deliveryId);
    if (row?.state !== 'SENDING' || row.lease_id !== attempt.leaseId) {
      fencedOff += 1;
      continue;
    }
    if (attempt.result === null) {
      deliveries.push(givenBack(row, attempt));
      continue;
    }
    const delivery = { attempts: row.attempts, chargedAttempts: row.charged_attempts, lane: row.lane };
    const { result } = attempt;
    const settled = settleAttempt({ attempt, result, delivery, ordering, health, healthPolicy, schedule });
    health = settled.health;
    verdicts.push(settled.verdict);
    deliveries.push(deliveryRow(row, { attempt, settled }));
    attempts.push(attemptRow(row, { attempt, result, settled }));
    if (settled.state !== 'WAITING') ended.push(row.id);
  }
  const statements = [
    ...updateRows({
      verb: `UPDATE ${schemaName}.webhook_deliveries`,
      table: 'webhook_deliveries',
      pair,
      key: 'id',
      rows: deliveries,
    }),
    ...insertRows({
      verb: `INSERT INTO ${schemaName}.webhook_attempts`,
      table: 'webhook_attempts',
      pair,
      rows: attempts,
    }),
    ...(ended.length > 0 ? [releaseParked(pair, ended)] : []),
  ];
  return { statements, health, verdicts, fencedOff, ended };
}

interface Settled {
  readonly attempt: AttemptResult;
  readonly settled: Settlement;
}

function deliveryRow(row: LeasedRow, { attempt, settled }: Settled): Record<string, unknown> {
  const isOpen = settled.state === 'WAITING';
  return {
    id: row.id,
    state: settled.state,
    lane: settled.lane,
    attempts: row.attempts + 1,
    charged_attempts: settled.chargedAttempts,
    next_attempt_at: timeOf(settled.nextAttemptAtMilliseconds),
    why: settled.why,
    is_probe: false,
    lease_id: null,
    lease_until: null,
    ended_at: isOpen ? null : timeOf(attempt.endedAtMilliseconds),
  };
}

/** Nothing was sent: it stands where it stood before the claim. */
function givenBack(row: LeasedRow, attempt: AttemptResult): Record<string, unknown> {
  return {
    id: row.id,
    state: 'WAITING',
    lane: row.lane,
    attempts: row.attempts,
    charged_attempts: row.charged_attempts,
    next_attempt_at: timeOf(attempt.endedAtMilliseconds),
    why: 'not_begun',
    is_probe: false,
    lease_id: null,
    lease_until: null,
    ended_at: null,
  };
}

function attemptRow(
  row: LeasedRow,
  { attempt, settled, result }: Settled & { readonly result: DeliveryResult },
): Record<string, unknown> {
  const failure = result.kind === 'failed' ? result : null;
  return {
    delivery_id: row.id,
    attempt: row.attempts + 1,
    started_at: timeOf(attempt.startedAtMilliseconds),
    total_milliseconds: Math.max(0, Math.round(result.totalMilliseconds)),
    is_probe: attempt.isProbe,
    outcome: settled.verdict.toUpperCase(),
    failure_code: failure?.code ?? null,
    failure_phase: failure?.phase ?? null,
    failure_reason: failure?.reason ?? null,
    status_code: result.status ?? null,
    phases: JSON.stringify(roundedTimings(result)),
    address: result.address ?? null,
    response_start: responseText(result.responseBytes),
    response_truncated: result.responseTruncated,
    request_digest: attempt.requestDigest === null ? null : Buffer.from(attempt.requestDigest),
    traceparent: attempt.traceparent,
    next_attempt_at: timeOf(settled.nextAttemptAtMilliseconds),
    why: settled.why,
    health_after: healthName(settled.health),
  };
}

/** What a dead process had claimed: it may have been sent or not, so it is sent again, under the same id. */
export function lostAttemptRow(lost: {
  readonly id: string;
  readonly attempts: number;
  readonly is_probe: boolean;
  readonly traceparent: string | null;
  readonly leaseUntil: string;
  readonly health: EndpointHealth;
}): Record<string, unknown> {
  return {
    delivery_id: lost.id,
    attempt: lost.attempts,
    started_at: timeOf(Date.parse(lost.leaseUntil) - dispatchLimits.leaseMilliseconds),
    total_milliseconds: dispatchLimits.leaseMilliseconds,
    is_probe: lost.is_probe,
    outcome: 'NOT_CHARGED',
    failure_code: 'lease_ended',
    failure_phase: null,
    failure_reason: 'outcome_unknown',
    status_code: null,
    phases: '{}',
    address: null,
    response_start: null,
    response_truncated: false,
    request_digest: null,
    traceparent: lost.traceparent ?? '',
    next_attempt_at: null,
    why: 'lease_ended',
    health_after: healthName(lost.health),
  };
}

/**
 * Lets go what waited for ended deliveries: it waits for the next of its predecessors that has not ended, or for nothing.
 * Looked up at the time, so that no order in which they end leaves one behind.
 */
export function releaseParked(pair: ScopePair, ended: readonly string[]): Statement {
  return {
    name: 'webhook_release',
    text:
      `UPDATE ${schemaName}.webhook_deliveries AS d SET behind = p.next,` +
      " state = CASE WHEN p.next IS NULL THEN 'WAITING' ELSE 'PARKED' END," +
      ' next_attempt_at = CASE WHEN p.next IS NULL THEN now() END,' +
      ' why = CASE WHEN p.next IS NULL THEN NULL ELSE d.why END FROM (' +
      `SELECT w.id, (SELECT o.id FROM ${schemaName}.webhook_deliveries o WHERE ${within('o')}` +
      ' AND o.id = ANY(w.predecessors) AND o.ended_at IS NULL LIMIT 1) AS next' +
      ` FROM ${schemaName}.webhook_deliveries w WHERE ${within('w')} AND w.behind = ANY($3::uuid[]) AND w.state = 'PARKED'` +
      `) AS p WHERE ${within('d')} AND d.id = p.id`,
    values: [...pair, ended],
  };
}

export function timeOf(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}

function roundedTimings(result: DeliveryResult): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(result.timings).map(([phase, milliseconds]) => [phase, Math.round(milliseconds * 100) / 100]),
  );
}

/** Text as far as it is text: Postgres takes no NUL, and what is not UTF-8 shows as such. */
function responseText(bytes: Uint8Array): string | null {
  if (bytes.length === 0) return null;
  return new TextDecoder().decode(bytes).replaceAll('\0', '\uFFFD').slice(0, dispatchLimits.responseTextCharacters);
}
