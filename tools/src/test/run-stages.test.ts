import { expect, test } from 'bun:test';

import { runStages } from './run-stages.ts';
import { oneCheck, sumOf } from './stage.ts';
import type { Stage, StageOutcome } from './stage.ts';

function stage(name: string, outcome: StageOutcome | undefined): Stage {
  return { name, run: () => Promise.resolve(outcome) };
}

const passing = oneCheck({ isPassed: true, output: 'long output' });
const failing = oneCheck({ isPassed: false, output: 'the reason' });

async function run(stages: readonly Stage[], isStopped = false) {
  const printed: string[] = [];
  const unused = (): Promise<never> => Promise.reject(new Error('not asked for'));
  const totals = await runStages({
    stages,
    context: { root: '.', filters: [], run: unused, databaseUrl: unused },
    isStopped: () => isStopped,
    now: () => 0,
    print: (text) => printed.push(text),
  });
  return { totals, text: printed.join('\n') };
}

test('counts add up, and only a failed stage shows its output', async () => {
  const tests = { passed: 12, failed: 0, skipped: 1, output: 'dots' };
  const { totals, text } = await run([stage('lint', passing), stage('types', failing), stage('unit', tests)]);
  expect(totals).toEqual({ passed: 13, failed: 1 });
  expect(text).toContain('the reason');
  expect(text).not.toContain('long output');
  expect(text).not.toContain('dots');
  expect(text).toContain('1 skipped');
});

test('after a failed install nothing else runs', async () => {
  const { totals, text } = await run([stage('install', failing), stage('lint', passing)]);
  expect(totals).toEqual({ passed: 0, failed: 1 });
  expect(text).not.toContain('== lint');
});

test('a stage that throws has failed, and the next one runs', async () => {
  const broken: Stage = { name: 'lint', run: () => Promise.reject(new Error('cannot start')) };
  const { totals, text } = await run([broken, stage('types', passing)]);
  expect(totals).toEqual({ passed: 1, failed: 1 });
  expect(text).toContain('cannot start');
});

test('a run of nothing has failed', async () => {
  expect((await run([stage('unit', undefined)])).totals).toEqual({ passed: 0, failed: 1 });
  expect((await run([stage('unit', passing)], true)).totals).toEqual({ passed: 0, failed: 1 });
});

test('the lanes of a suite add up, and only those that failed are shown', () => {
  const sum = sumOf([passing, failing, { passed: 3, failed: 0, skipped: 2, output: 'dots' }]);
  expect(sum).toEqual({ passed: 4, failed: 1, skipped: 2, output: 'the reason' });
});
