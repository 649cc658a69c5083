import { expect, test } from 'bun:test';
import { toId } from '@karmanflow/schema';
import { ingestLimits } from '../ingest-limits.ts';
import { createSourceAdmission } from './source-admission.ts';

type Source = Parameters<ReturnType<typeof createSourceAdmission>['enter']>[0];

function source(number: number, limits: Partial<Source['limits']> = {}): Source {
  const uuid = `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
  return {
    ingestSourceId: toId('ingestSource', uuid),
    // Of the caller only the tenant is read.
    caller: { tenantId: toId('tenant', uuid) } as Source['caller'],
    limits: { bodyBytes: 1, messagesPerSecond: 2, burstMessages: 5, ...limits },
  };
}

test('each source has its own tokens', () => {
  let now = 0;
  const admission = createSourceAdmission({ monotonicNow: () => now });
  const enter = (one: Source): boolean => {
    const admitted = admission.enter(one);
    if (admitted.ok) admitted.leave();
    return admitted.ok;
  };
  for (let sent = 0; sent < 5; sent += 1) expect(enter(source(1))).toBe(true);
  expect(admission.enter(source(1))).toEqual({ ok: false, waitSeconds: 1 });
  expect(enter(source(2))).toBe(true);
  now = 500;
  expect([enter(source(1)), enter(source(1))]).toEqual([true, false]);
});

test('as many at a time as there is room for, whatever its tokens', () => {
  const admission = createSourceAdmission({ monotonicNow: () => 0 });
  const big = source(1, { burstMessages: 100_000 });
  const inside = Array.from({ length: ingestLimits.messagesAtOncePerSource }, () => admission.enter(big));
  expect(inside.every(({ ok }) => ok)).toBe(true);
  expect(admission.enter(big)).toEqual({ ok: false, waitSeconds: ingestLimits.crowdedRetryAfterSeconds });
  expect(admission.enter(source(2)).ok).toBe(true);
  const [first] = inside;
  if (first?.ok) first.leave();
  expect(admission.enter(big).ok).toBe(true);
});

test('what is remembered is bounded, and whoever is inside is not forgotten', () => {
  const admission = createSourceAdmission({ monotonicNow: () => 0 });
  const busy = source(1, { burstMessages: 1 });
  expect(admission.enter(busy).ok).toBe(true);
  const idle = source(2, { burstMessages: 1 });
  const entered = admission.enter(idle);
  if (entered.ok) entered.leave();
  for (let number = 0; number < ingestLimits.admissionEntries; number += 1) {
    const other = admission.enter(source(number + 10));
    if (other.ok) other.leave();
  }
  expect([admission.enter(busy).ok, admission.enter(idle).ok]).toEqual([false, true]);
});

test('look-ups of addresses at which nobody is known are bounded for all together', () => {
  const admission = createSourceAdmission({ monotonicNow: () => 0 });
  for (let asked = 0; asked < ingestLimits.strangersBurst; asked += 1) expect(admission.lookUp().ok).toBe(true);
  expect(admission.lookUp()).toEqual({ ok: false, waitSeconds: 1 });
});
