import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { lockfile } from '../tidy/checks/lockfile.ts';
import { rootTool, turboBoundaries } from '../tidy/root-tool.ts';
import type { ToolCommand } from '../tidy/root-tool.ts';
import { renderFindings } from '../tidy/tidy-check.ts';
import { listTree, readTree } from '../tidy/tree.ts';
import { lastLineCounts } from './last-line-counts.ts';
import { oneCheck } from './stage.ts';
import type { Stage, StageContext, StageOutcome } from './stage.ts';
import { selectTestFiles } from './test-files.ts';
import type { TestSuite } from './test-files.ts';
import { runTestFiles } from './test-run.ts';

const TOOL_DEADLINE_SECONDS = 300;
const CRASH_SCRIPT = 'tools/src/crash/main.ts';

/** A suite of tests: how long one test may take, how long all of them may, and whether they need Postgres. */
interface SuiteLimits {
  readonly suite: TestSuite;
  readonly timeoutSeconds: number;
  readonly deadlineSeconds: number;
  readonly needsDatabase: boolean;
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
  suiteStage({ suite: 'tidy', timeoutSeconds: 60, deadlineSeconds: 300, needsDatabase: false }),
  suiteStage({ suite: 'unit', timeoutSeconds: 30, deadlineSeconds: 600, needsDatabase: false }),
  suiteStage({ suite: 'db', timeoutSeconds: 60, deadlineSeconds: 1_200, needsDatabase: true }),
  suiteStage({ suite: 'conformance', timeoutSeconds: 120, deadlineSeconds: 1_200, needsDatabase: true }),
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
      const env = limits.needsDatabase ? { KF_TEST_DATABASE_URL: await context.databaseUrl() } : {};
      return runTestFiles({ ...limits, context, files, env });
    },
  };
}

// The script starts servers of its own, durable ones, because it is about what survives.
async function runCrashes(context: StageContext): Promise<StageOutcome> {
  if (!existsSync(join(context.root, CRASH_SCRIPT))) {
    return oneCheck({ isPassed: false, output: `${CRASH_SCRIPT} does not exist` });
  }
  const result = await context.run({
    command: [process.execPath, CRASH_SCRIPT, '--ci'],
    env: {},
    deadlineSeconds: 1_200,
  });
  const counts = lastLineCounts(result.output);
  const isPassed = result.exitCode === 0 && counts !== undefined && counts.passed > 0 && counts.failed === 0;
  return oneCheck({ isPassed, output: result.output });
}
