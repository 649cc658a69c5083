import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { repositoryRoot } from '../tidy/tree.ts';
import { parseRunArguments } from './run-arguments.ts';
import { runChild } from './run-child.ts';
import { runStages } from './run-stages.ts';
import type { RunTotals } from './run-stages.ts';
import { runtimeProblem } from './runtime-version.ts';
import { laneClusters } from './shared-cluster.ts';
import { allStages } from './stages.ts';

// Nothing in this module's own graph may come from node_modules: in a fresh clone the install stage brings them.
// Usage: bun tools/src/test/main.ts [stage...] [-- path filters]. The last line is «N passed, N failed».

const SIGNAL_EXIT_CODE = 130;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The environment of the children: this one, without the databases that tests must not find. */
function childEnvironment(): Record<string, string | undefined> {
  const { DATABASE_URL: _deployed, KF_TEST_DATABASE_URL: _earlier, ...rest } = process.env;
  return rest;
}

async function run(args: readonly string[]): Promise<RunTotals> {
  const root = repositoryRoot();
  // The field is checked by runtimeProblem, which accepts its absence.
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { packageManager?: string };
  const problem = runtimeProblem({
    packageManager: manifest.packageManager,
    bunVersion: process.versions['bun'],
    nodeVersion: process.versions.node,
  });
  const wanted = parseRunArguments({ args, known: allStages.map((stage) => stage.name) });
  if (problem !== undefined || typeof wanted === 'string') {
    print(problem ?? String(wanted));
    return { passed: 0, failed: 1 };
  }

  const clusters = laneClusters();
  const stopping = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    print(`   stopped by ${signal}`);
    process.exitCode = SIGNAL_EXIT_CODE;
    stopping.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const environment = childEnvironment();
  try {
    return await runStages({
      stages: allStages.filter((stage) => wanted.stages.includes(stage.name)),
      context: {
        root,
        filters: wanted.filters,
        databaseUrl: clusters.databaseUrl,
        run: (program) =>
          runChild({
            command: program.command,
            directory: root,
            env: { ...environment, ...program.env },
            deadlineSeconds: program.deadlineSeconds,
            signal: stopping.signal,
          }),
      },
      isStopped: () => stopping.signal.aborted,
      now: () => performance.now(),
      print,
    });
  } finally {
    await clusters.dispose();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

const totals = await run(process.argv.slice(2));
print(`${totals.passed} passed, ${totals.failed} failed`);
if (totals.failed > 0) process.exitCode ??= 1;
