import type { Scope } from '@karmanflow/schema';
import type { DeliveryResult } from '../delivery/delivery-result.ts';
import type { HealthPolicy } from '../delivery/endpoint-health.ts';
import type { ClaimedDelivery } from '../dispatch/claimed-delivery.ts';
import type { LatestOfRange } from '../dispatch/latest-of-range.ts';
import type { AttemptResult } from '../dispatch/settle-attempt.ts';
import type { Visited, VisitOutcome } from '../dispatch/visit-outcome.ts';
import { visitSubscription } from '../dispatch/visit-subscription.ts';
import type { DispatchWorld } from './dispatch-world.ts';

/** What a receiver answers. */
export type Answer = 'ok' | 'fails' | 'gone' | 'slow_down' | 'cancelled';

export function resultOf(answer: Answer): DeliveryResult {
  const evidence = {
    timings: { connect: 1.234 },
    totalMilliseconds: 2.5,
    address: '203.0.113.7',
    responseBytes: new TextEncoder().encode('a\0b'),
    responseTruncated: false,
    responseHeaders: {},
  };
  if (answer === 'ok') return { kind: 'delivered', ...evidence, status: 200 };
  if (answer === 'cancelled') {
    return { kind: 'failed', ...evidence, code: 'cancelled', phase: 'headers', reason: 'cancelled' };
  }
  const status = { fails: 500, gone: 410, slow_down: 503 }[answer];
  return { kind: 'failed', ...evidence, code: 'status_refused', phase: 'headers', reason: String(status), status };
}

/** A worker of one process that claims and reports, without a network. */
export interface TestWorker {
  readonly held: ClaimedDelivery[];
  visit(capacity?: number): Promise<VisitOutcome>;
  /** Visits until it is a real one. */
  visited(capacity?: number): Promise<Visited>;
  /** Ends an attempt that it holds; the next visit reports it. */
  end(delivery: ClaimedDelivery, answer: Answer): void;
  /** Forgets everything, as a process does that dies. */
  die(): void;
  results(): readonly AttemptResult[];
}

export function testWorker(
  world: Pick<DispatchWorld, 'database'>,
  place: { readonly scope: Scope; readonly subscriptionId: string; readonly healthPolicy?: HealthPolicy },
  findLatest?: (range: { afterSeq: number; throughSeq: number; patterns: readonly string[] }) => Promise<LatestOfRange>,
): TestWorker {
  const held: ClaimedDelivery[] = [];
  let results: AttemptResult[] = [];
  let latest: LatestOfRange | undefined;
  let clockOffset = 0;

  async function visit(capacity = 64): Promise<VisitOutcome> {
    const outcome = await world.database.connection((connection) =>
      visitSubscription(connection, {
        ...place,
        results,
        capacity,
        latest,
        uuidSource: () => Bun.randomUUIDv7(),
      }),
    );
    if (outcome.kind !== 'visited') return outcome;
    if (outcome.latestWanted && findLatest) latest = await findLatest(outcome.latestWanted);
    results = [];
    clockOffset = outcome.nowMilliseconds - Date.now();
    held.push(...outcome.claimed);
    return outcome;
  }

  return {
    held,
    visit,
    async visited(capacity) {
      for (let turn = 0; turn < 4; turn += 1) {
        const outcome = await visit(capacity);
        if (outcome.kind === 'visited') return outcome;
      }
      throw new Error('no visit came about');
    },
    end(delivery, answer) {
      held.splice(held.indexOf(delivery), 1);
      const now = Date.now() + clockOffset;
      results.push({
        deliveryId: delivery.deliveryId,
        leaseId: delivery.leaseId,
        isProbe: delivery.isProbe,
        startedAtMilliseconds: now,
        endedAtMilliseconds: now,
        result: resultOf(answer),
        requestDigest: new Uint8Array(32),
        traceparent: delivery.traceparent ?? '',
        random: 0.5,
      });
    },
    die() {
      held.length = 0;
      results = [];
    },
    results: () => results,
  };
}
