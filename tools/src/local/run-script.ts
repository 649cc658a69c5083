import { resolve } from 'node:path';
import { type LocalProblem, type Result, refused } from './local-problem.ts';
import { type LocalSettings, readLocalSettings } from './local-settings.ts';
import { problemText } from './problem-text.ts';
import { type StatePaths, statePaths } from './state-directory.ts';
import { thrownProblem } from './thrown-problem.ts';

export interface ScriptContext {
  readonly settings: LocalSettings;
  readonly paths: StatePaths;
}

/** What a script has to say. A problem goes to standard error, and ends the script with 1. */
export interface ScriptEnd {
  readonly text: string;
  readonly exitCode: 0 | 1;
}

/** Runs a command of the local environment over the settings of this checkout, and prints how it ended. */
export async function runScript(
  script: (context: ScriptContext) => Promise<Result<ScriptEnd, LocalProblem>>,
): Promise<void> {
  const end = await attempt(script);
  if (end.ok) console.log(end.value.text);
  else console.error(problemText(end.problem));
  process.exitCode = end.ok ? end.value.exitCode : 1;
}

async function attempt(
  script: (context: ScriptContext) => Promise<Result<ScriptEnd, LocalProblem>>,
): Promise<Result<ScriptEnd, LocalProblem>> {
  const read = readLocalSettings({ root: resolve(import.meta.dir, '../../..'), environment: process.env });
  if (!read.ok) return read;
  const context = { settings: read.value, paths: statePaths(read.value.stateDirectory) };
  try {
    return await script(context);
  } catch (error) {
    return refused(await thrownProblem({ error, ...context }));
  }
}
