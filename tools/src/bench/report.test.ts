import { describe, expect, test } from 'bun:test';
import { hasPoolSize } from './contender.ts';
import { type BenchReport, formatReport, ratioOf, reportJson } from './report.ts';
import type { ContenderResult } from './run-scenario.ts';

function contender(name: ContenderResult['name'], perSecond: number): ContenderResult {
  return {
    name,
    perSecond: { median: perSecond, min: perSecond - 10, max: perSecond + 10 },
    p50: 1,
    p99: 2,
    requests: 100,
    cpuPerRequest: { server: 100, postgres: name === 'ours' ? 50 : 350 },
    poolSize: hasPoolSize(name) ? 8 : null,
  };
}

function reportWith(problems: readonly string[]): BenchReport {
  return {
    connections: 64,
    machine: {
      cpu: 'A processor',
      cores: 2,
      memoryGigabytes: 8,
      system: 'Linux',
      bun: '1',
      postgres: '18',
      loadBefore: 0.1,
      loadAfter: 1.5,
      commitMilliseconds: { native: 0.1, delayed: 1.2 },
    },
    scenarios: [
      {
        scenario: {
          name: 'hot',
          says: 'one SKU',
          demand: 'hot',
          flushDelayMicroseconds: 0,
          targets: { function: 3, kysely: 20 },
        },
        contenders: [
          contender('ours', 3100),
          contender('function', 1000),
          contender('kysely', 200),
          contender('limit', 6200),
        ],
        problems,
        receiptsVerified: 64,
        neighbourShare: 0.3,
        stolenShare: 0.08,
      },
    ],
  };
}

const fine = reportWith([]);

describe('the report', () => {
  test('sets the ratio of the medians against its target', () => {
    const table = formatReport(fine);
    expect(table).toMatch(/hot +ours +3100 +3090-3110 +1\.00 +2\.00 +100\+50/);
    expect(table).toMatch(/function +1000 +990-1010 +3\.10x +3x met/);
    expect(table).toContain('one commit: 0.10 ms, with the longer flush 1.20 ms');
    expect(table).toMatch(/100\+350 +3\.00x +8/);
    expect(table).toContain('64 receipts verify');
    expect(table).toContain('other programs took up to 30 % of the processors meanwhile: too much for the rates');
    expect(table).toMatch(/the host gave up to 8 % of the processors to other machines meanwhile$/);
  });

  test('says when the host gave too much of the processors to others', () => {
    const [hot] = fine.scenarios;
    if (!hot) throw new Error('the report has a scenario');
    const busy = formatReport({ ...fine, scenarios: [{ ...hot, neighbourShare: -0.08, stolenShare: 0.4 }] });
    expect(busy).toContain('other programs took up to 0 % of the processors');
    expect(busy).toMatch(/the host gave up to 40 % .* too much for these numbers to be trusted/);
  });

  test('says of a target that is missed what the limit does beside that peer', () => {
    expect(formatReport(fine)).toMatch(/kysely +200 +190-210 +15\.50x +20x missed, limit 31\.00x/);
  });

  test('says what is wrong', () => {
    const table = formatReport(reportWith(['ours: two units too many']));
    expect(table).toContain('hot: VERIFICATION FAILED\n  ours: two units too many');
    expect(table).not.toContain('receipts verify');
  });

  test('is one line of JSON for machines, with the same ratios', () => {
    const line = reportJson(fine);
    expect(line).not.toContain('\n');
    const { scenarios } = JSON.parse(line) as {
      scenarios: { verified: boolean; contenders: { ratio: number | null }[] }[];
    };
    expect(scenarios.map(({ verified }) => verified)).toEqual([true]);
    expect(scenarios[0]?.contenders.map(({ ratio }) => ratio)).toEqual([null, 3.1, 15.5, 0.5]);
  });

  test('gives ours no ratio to itself', () => {
    const [scenario] = fine.scenarios;
    if (!scenario) throw new Error('the report has a scenario');
    expect(scenario.contenders.map((one) => ratioOf(scenario, one))).toEqual([null, 3.1, 15.5, 0.5]);
  });
});
