import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { lockfile } from '../tidy/checks/lockfile.ts';
import { rootTool, turboBoundaries } from '../tidy/root-tool.ts';
import type { ToolCommand } from '../tidy/root-tool.ts';
import { renderFindings } from '../tidy/tidy-check.ts';
import { listTree, readTree } from '../tidy/tree.ts';
import { inLanes } from './in-lanes.ts';
import { lastLineCounts } from './last-line-counts.ts';
import { oneCheck, sumOf } from './stage.ts';
import type { Stage, StageContext, StageOutcome } from './stage.ts';
import { dealFiles, selectTestFiles } from './test-files.ts';
import type { TestSuite } from './test-files.ts';
import { runTestFiles } from './test-run.ts';
import { readTestSeed, testSeedVariable } from './test-seed.ts';

const TOOL_DEADLINE_SECONDS = 300;
const CRASH_SCRIPT = 'tools/src/crash/main.ts';

/**
 * A suite of tests: how long one test may take, how long those of one process may, whether they need Postgres, over how many
 * processes its files are dealt, and how many of these run side by side. Tests of a database wait more than they compute, so
 * that there may be more of them than cores. A lane that is done takes the next process: with more processes the lanes end
 * closer together, but each of them loads all code again.
 */
interface SuiteLimits {
  readonly suite: TestSuite;
  readonly timeoutSeconds: number;
  readonly deadlineSeconds: number;
  readonly needsDatabase: boolean;
  readonly lanes: number;
  readonly processes: number;
}

/** Every stage, in the order in which they run: the cheap ones first. */
export const allStages: readonly Stage[] = [
  {
    name: 'install',
    run: (context) =>
      runTool({ context, tool: { command: [process.execPath, 'install', '--frozen-lockfile'], env: {} } }),
  },
  {
    name: 'lockfile',
    run: async (context) => {
      const findings = lockfile.find(readTree(context.root));
      return oneCheck({ isPassed: findings.length === 0, output: renderFindings(findings) });
    },
  },
  { name: 'format', run: (context) => runTool({ context, tool: rootTool({ tool: 'oxfmt', args: ['--check'] }) }) },
  { name: 'lint', run: (context) => runTool({ context, tool: rootTool({ tool: 'oxlint', args: [] }) }) },
  {
    name: 'types',
    run: (context) => runTool({ context, tool: rootTool({ tool: 'tsc', args: ['-p', 'tsconfig.json', '--noEmit'] }) }),
  },
  { name: 'boundaries', run: (context) => runTool({ context, tool: turboBoundaries() }) },
  suiteStage({ suite: 'tidy', timeoutSeconds: 60, deadlineSeconds: 300, needsDatabase: false, lanes: 1, processes: 1 }),
  suiteStage({ suite: 'unit', timeoutSeconds: 30, deadlineSeconds: 600, needsDatabase: false, lanes: 2, processes: 2 }),
  suiteStage({ suite: 'db', timeoutSeconds: 60, deadlineSeconds: 1_200, needsDatabase: true, lanes: 3, processes: 3 }),
  suiteStage({
    suite: 'conformance',
    timeoutSeconds: 120,
    deadlineSeconds: 1_200,
    needsDatabase: true,
    lanes: 3,
    processes: 24,
  }),
  { name: 'crash', run: runCrashes },
];

async function runTool(input: { readonly context: StageContext; readonly tool: ToolCommand }): Promise<StageOutcome> {
  const result = await input.context.run({
    command: input.tool.command,
    env: input.tool.env,
    deadlineSeconds: TOOL_DEADLINE_SECONDS,
  });
  return oneCheck({ isPassed: result.exitCode === 0, output: result.output });
}

function suiteStage(limits: SuiteLimits): Stage {
  return {
    name: limits.suite,
    run: async (context) => {
      const files = selectTestFiles({ paths: listTree(context.root), suite: limits.suite, filters: context.filters });
      if (files.length === 0 && context.filters.length > 0) return undefined;
      if (files.length === 0) return oneCheck({ isPassed: false, output: `there are no ${limits.suite} tests` });
      const outcomes = await inLanes(dealFiles(files, limits.processes), limits.lanes, async (dealt, lane) => {
        const env = limits.needsDatabase ? { KF_TEST_DATABASE_URL: await context.databaseUrl(lane) } : {};
        return runTestFiles({ ...limits, context, files: dealt, env });
      });
      return sumOf(outcomes);
    },
  };
}

// The script starts servers of its own, durable ones, because it is about what survives.
async function runCrashes(context: StageContext): Promise<StageOutcome> {
  if (!existsSync(join(context.root, CRASH_SCRIPT))) {
    return oneCheck({ isPassed: false, output: `${CRASH_SCRIPT} does not exist` });
  }
  const result = await context.run({
    command: [process.execPath, CRASH_SCRIPT, '--ci', '--seed', String(readTestSeed(process.env[testSeedVariable]))],
    env: {},
    deadlineSeconds: 1_200,
  });
  const counts = lastLineCounts(result.output);
  const isPassed = result.exitCode === 0 && counts !== undefined && counts.passed > 0 && counts.failed === 0;
  return oneCheck({ isPassed, output: result.output });
}
