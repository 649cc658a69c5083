import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readJunitCounts } from './junit-counts.ts';
import type { ChildResult } from './run-child.ts';
import type { StageContext, StageOutcome } from './stage.ts';

/**
 * Runs test files in one `bun test` and counts from its report. A file that reported nothing counts as a failure, whether it
 * did not load or holds no test.
 */
export async function runTestFiles(input: {
  readonly context: StageContext;
  readonly files: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly deadlineSeconds: number;
}): Promise<StageOutcome> {
  const directory = mkdtempSync(join(tmpdir(), 'karmanflow-test-run-'));
  const report = join(directory, 'junit.xml');
  try {
    const result = await input.context.run({
      command: [
        process.execPath,
        'test',
        '--only-failures',
        `--timeout=${input.timeoutSeconds * 1_000}`,
        '--reporter=junit',
        `--reporter-outfile=${report}`,
        ...input.files.map((file) => `./${file}`),
      ],
      env: input.env,
      deadlineSeconds: input.deadlineSeconds,
    });
    return countRun({ result, report: readReport(report), files: input.files });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Turns the exit code and the report of a run into an outcome, believing the worse of the two. Pure. */
export function countRun(input: {
  readonly result: ChildResult;
  readonly report: string;
  readonly files: readonly string[];
}): StageOutcome {
  const counts = readJunitCounts(input.report) ?? { tests: 0, failures: 0, skipped: 0, files: [] };
  const silent = input.files.filter((file) => !counts.files.includes(file));
  const failed = counts.failures + silent.length;
  const passed = counts.tests - counts.failures - counts.skipped;
  const isUnexplained = failed === 0 && (input.result.exitCode !== 0 || passed === 0);
  const notes = [
    ...silent.map((file) => `${file} reported no test: it did not load, or holds none`),
    ...(isUnexplained ? [`bun test ended with ${input.result.exitCode} and ${passed} passed tests`] : []),
  ];
  return {
    passed,
    failed: isUnexplained ? 1 : failed,
    skipped: counts.skipped,
    output: [input.result.output, ...notes].join('\n'),
  };
}

function readReport(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Bun writes no report when no file reported a test; every file then counts as silent.
    return '';
  }
}
