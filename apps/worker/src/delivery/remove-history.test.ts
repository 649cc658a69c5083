import { describe, expect, test } from 'bun:test';
import { createLogger } from '@karmanflow/runtime';
import { captureLog } from '@karmanflow/runtime/testing';
import { isId, type Scope } from '@karmanflow/schema';
import type { HistoryPosition, RemovalInput } from '@karmanflow/webhooks';
import { removeHistory } from './remove-history.ts';
import { workerDeliveryLimits } from './worker-delivery-limits.ts';

const uuid = (n: number): string => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const scopeOf = (n: number): Scope => ({ tenantId: `tnt_${uuid(n)}`, environmentId: `env_${uuid(n)}` });

/** Subscriptions with so many pieces each; what is removed from which, in order. */
function place(pages: readonly (readonly { readonly tenant: number; readonly pieces: number }[])[]) {
  const removed: string[] = [];
  const inputs: RemovalInput[] = [];
  const rests: number[] = [];
  const looked: (HistoryPosition | null)[] = [];
  const counted = { deliveries: 0, failed: 0 };
  const stopping = new AbortController();
  const log = captureLog();
  let clock = 0;
  const run = (fails: (name: string) => boolean = () => false) =>
    removeHistory(
      {
        find: async (after) => {
          const at = looked.push(after) - 1;
          const places = (pages[at] ?? []).map(({ tenant }) => ({
            scope: scopeOf(tenant),
            subscriptionId: `${tenant}`,
          }));
          const next: HistoryPosition | null = at + 1 < pages.length ? [uuid(at), uuid(at), uuid(at)] : null;
          return { places, next, nowMilliseconds: 1_000_000 };
        },
        remove: async (input) => {
          clock += 10;
          inputs.push(input);
          const piece = Number(input.afterId ?? 0) + 1;
          removed.push(`${input.subscriptionId}.${piece}`);
          if (fails(`${input.subscriptionId}.${piece}`)) throw new Error('the database is gone');
          const { pieces = 0 } = pages.flat().find(({ tenant }) => `${tenant}` === input.subscriptionId) ?? {};
          return { deliveries: 2, attempts: 3, nextAfterId: piece < pieces ? `${piece}` : null };
        },
        logger: createLogger({ app: 'worker', level: 'info', destination: log.destination }),
        metrics: {
          removed: ({ deliveries }) => void (counted.deliveries += deliveries),
          removalFailed: () => void (counted.failed += 1),
        },
        monotonicNow: () => clock,
        rest: async (milliseconds) => void rests.push(milliseconds),
        historyMilliseconds: 400_000,
      },
      stopping.signal,
    );
  return { run, removed, inputs, rests, looked, counted, stopping, log };
}

describe('history is removed', () => {
  test('with the tenants in rotation, however much one of them has', async () => {
    const { run, removed, inputs, rests, counted } = place([
      [
        { tenant: 1, pieces: 4 },
        { tenant: 2, pieces: 1 },
        { tenant: 3, pieces: 2 },
      ],
    ]);
    await run();
    expect(removed).toEqual(['1.1', '2.1', '3.1', '1.2', '3.2', '1.3', '1.4']);
    expect(counted).toEqual({ deliveries: 14, failed: 0 });
    expect(new Set(inputs.map(({ endedBeforeMilliseconds }) => endedBeforeMilliseconds))).toEqual(new Set([600_000]));
    expect(inputs.every(({ scope }) => isId('tenant', scope.tenantId))).toBe(true);
    // Longer than a piece took, so that deliveries have the database for most of the time.
    expect(rests).toEqual(removed.map(() => 10 * workerDeliveryLimits.removalRestFactor));
    expect(workerDeliveryLimits.removalRestFactor).toBeGreaterThan(1);
  });

  test('page by page', async () => {
    const { run, removed, looked } = place([[{ tenant: 1, pieces: 1 }], [{ tenant: 2, pieces: 1 }], []]);
    await run();
    expect(removed).toEqual(['1.1', '2.1']);
    expect(looked).toEqual([null, [uuid(0), uuid(0), uuid(0)], [uuid(1), uuid(1), uuid(1)]]);
  });

  test('also where it fails for somebody', async () => {
    const { run, removed, counted, log } = place([
      [
        { tenant: 1, pieces: 3 },
        { tenant: 2, pieces: 2 },
      ],
    ]);
    await run((name) => name === '1.2');
    expect(removed).toEqual(['1.1', '2.1', '1.2', '2.2']);
    expect(counted).toEqual({ deliveries: 6, failed: 1 });
    expect(log.lines().length).toBe(1);
  });

  test('until the process is told to stop', async () => {
    const { run, removed, looked, stopping } = place([[{ tenant: 1, pieces: 9 }], [{ tenant: 2, pieces: 1 }]]);
    await run((name) => {
      if (name === '1.2') stopping.abort();
      return false;
    });
    expect(removed).toEqual(['1.1', '1.2']);
    expect(looked).toEqual([null]);
  });
});
