import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createLogger, createMetrics, renderMetrics } from '@karmanflow/runtime';
import { captureLog } from '@karmanflow/runtime/testing';
import { nextCheckAt, startIntegrity } from './start-integrity.ts';
import { createDrillWorld, type DrillResult, type DrillWorld, runDrill } from './testing/tamper-drill.ts';
import { tamperings } from './testing/tamperings.ts';

setDefaultTimeout(120_000);

let drill: DrillWorld;
beforeAll(async () => {
  drill = await createDrillWorld();
});
afterAll(() => drill.close());

test('before anything was tampered with, verifier and monitor look at everything and find nothing', async () => {
  const verified = await drill.verify();
  expect(verified.findings).toEqual([]);
  expect(verified).toMatchObject({ ok: true, extendsRemembered: true });
  expect(verified.summary.receipts).toBeGreaterThan(25);
  expect(verified.summary.leaves).toBe(0);
  const report = await drill.monitor();
  expect(report.findings).toEqual([]);
  expect(report).toMatchObject({ tenants: 1, receipts: verified.summary.receipts });
  expect(report.events).toBeGreaterThan(25);
  expect(report.rows).toBeGreaterThan(25);
});

test('the nightly check runs when it is due, once, and tells its metrics what it saw', async () => {
  const { sequencer, ports } = drill;
  const metrics = createMetrics({ app: 'worker' });
  const log = captureLog();
  const logger = createLogger({ app: 'worker', level: 'info', destination: log.destination });
  const beganAt = Date.UTC(2026, 2, 1, 2, 59);
  let now = beganAt;
  const watch = startIntegrity({
    ...ports,
    sequencerDatabase: sequencer.database,
    metrics,
    logger,
    now: () => now,
    lookMilliseconds: 5,
    monotonicNow: () => performance.now(),
  });
  const text = async (): Promise<string> => (await renderMetrics(metrics, null)).body;
  const hasRun = async (): Promise<boolean> => /^kf_integrity_runs_total\{.*outcome="clean".*\} 1$/m.test(await text());
  expect(await hasRun()).toBe(false);
  now = nextCheckAt(beganAt);
  expect(new Date(now).toISOString()).toBe('2026-03-01T03:00:00.000Z');
  while (!(await hasRun())) await Bun.sleep(5);
  await watch.stop();
  const rendered = await text();
  expect(rendered).toMatch(/^kf_integrity_findings\{.*kind="receipt".*\} 0$/m);
  expect(rendered).toMatch(/^kf_integrity_looked_at\{.*what="receipts".*\} 28$/m);
  expect(rendered).toMatch(new RegExp(`^kf_integrity_last_completed_seconds\\{.*\\} ${now / 1000}$`, 'm'));
  expect(log.text()).toContain('found nothing');
  // The next one is due a day later.
  expect(nextCheckAt(now) - now).toBe(86_400_000);
});

describe('whoever rules over the database is noticed', () => {
  let results: ReadonlyMap<string, DrillResult>;
  beforeAll(async () => {
    results = new Map((await runDrill(drill)).map((result) => [result.name, result]));
  });

  test.each(tamperings.map((one) => [one.name, one] as const))('when %s', (name, { noticedBy, codes }) => {
    const result = results.get(name);
    if (!result) throw new Error('it was not tried');
    for (const who of noticedBy) expect({ who, found: result[who].length > 0 }).toEqual({ who, found: true });
    const all = [...result.verifier, ...result.monitor];
    for (const code of codes)
      expect({ code, found: all.some((one) => one.startsWith(`${code} `)) }).toEqual({ code, found: true });
    // The report names what was tampered with, and not only that something was.
    expect(result.subject.length).toBeGreaterThan(5);
    expect(all.some((one) => one.includes(result.subject))).toBe(true);
  });
});
