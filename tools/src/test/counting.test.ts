import { describe, expect, test } from 'bun:test';

import { readJunitCounts } from './junit-counts.ts';
import { lastLineCounts } from './last-line-counts.ts';
import { countRun } from './test-run.ts';

function report(input: { tests: number; failures: number; skipped: number; files: readonly string[] }): string {
  const root = `<testsuites name="bun test" tests="${input.tests}" assertions="9" failures="${input.failures}" skipped="${input.skipped}" time="0.1">`;
  const suites = input.files.map(
    (file) =>
      `<testsuite name="${file}" file="${file}" tests="1"><testsuite name="a&lt;b" file="${file}" line="2"></testsuite></testsuite>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n${suites.join('\n')}\n</testsuites>\n`;
}

const ok = { exitCode: 0, output: 'said' };

test('a report is read by its root element, and each file once', () => {
  const xml = report({ tests: 4, failures: 1, skipped: 2, files: ['a.test.ts', 'b.test.ts'] });
  expect(readJunitCounts(xml)).toEqual({ tests: 4, failures: 1, skipped: 2, files: ['a.test.ts', 'b.test.ts'] });
  expect(readJunitCounts('')).toBeUndefined();
  expect(readJunitCounts('<testsuites name="bun test">')).toBeUndefined();
});

describe('a run of tests', () => {
  test('passes with what the report says', () => {
    const xml = report({ tests: 5, failures: 0, skipped: 1, files: ['a.test.ts'] });
    const outcome = countRun({ result: ok, report: xml, files: ['a.test.ts'] });
    expect(outcome).toMatchObject({ passed: 4, failed: 0, skipped: 1 });
  });

  test('fails for a file that reported no test', () => {
    const xml = report({ tests: 1, failures: 0, skipped: 0, files: ['a.test.ts'] });
    const outcome = countRun({ result: ok, report: xml, files: ['a.test.ts', 'b.test.ts'] });
    expect(outcome).toMatchObject({ passed: 1, failed: 1 });
    expect(outcome.output).toContain('b.test.ts reported no test');
  });

  test('fails without a report', () => {
    expect(countRun({ result: ok, report: '', files: ['a.test.ts'] })).toMatchObject({ passed: 0, failed: 1 });
  });

  test('fails when every test was skipped', () => {
    const xml = report({ tests: 2, failures: 0, skipped: 2, files: ['a.test.ts'] });
    expect(countRun({ result: ok, report: xml, files: ['a.test.ts'] })).toMatchObject({ passed: 0, failed: 1 });
  });

  test('fails when the exit code contradicts the report', () => {
    const xml = report({ tests: 2, failures: 0, skipped: 0, files: ['a.test.ts'] });
    const outcome = countRun({ result: { exitCode: 1, output: '' }, report: xml, files: ['a.test.ts'] });
    expect(outcome).toMatchObject({ passed: 2, failed: 1 });
  });
});

test('the last line that counts is read, whatever follows it', () => {
  expect(lastLineCounts('1 passed, 0 failed\n== x\n12 passed, 3 failed\n\n')).toEqual({ passed: 12, failed: 3 });
  expect(lastLineCounts('all 3 passed, 0 failed, really')).toBeUndefined();
});
