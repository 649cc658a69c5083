import { join } from 'node:path';

import { repositoryRoot } from './tree.ts';

/** A command line and the variables that it needs on top of the environment. */
export interface ToolCommand {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

// Each tool is a script that starts a native program. Bun runs it, so that no Node has to be installed.
const SCRIPTS = {
  oxfmt: 'oxfmt/bin/oxfmt',
  oxlint: 'oxlint/bin/oxlint',
  tsc: 'typescript/bin/tsc',
  turbo: 'turbo/bin/turbo',
} as const;

/** How to run a tool that the root installs: with this very Bun, whatever PATH says. */
export function rootTool(input: {
  readonly tool: keyof typeof SCRIPTS;
  readonly args: readonly string[];
}): ToolCommand {
  const script = join(repositoryRoot(), 'node_modules', SCRIPTS[input.tool]);
  return { command: [process.execPath, script, ...input.args], env: {} };
}

/** `turbo boundaries`, without network: it neither reports usage, nor looks for updates or another turbo. */
export function turboBoundaries(): ToolCommand {
  const tool = rootTool({ tool: 'turbo', args: ['boundaries', '--skip-infer', '--no-update-notifier', '--no-color'] });
  return { command: tool.command, env: { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' } };
}

export interface ToolResult {
  readonly exitCode: number;
  readonly output: string;
}

/** Runs a tool to its end in a directory. Its output is what it wrote to either stream. */
export function runTool(input: { readonly tool: ToolCommand; readonly directory: string }): ToolResult {
  const run = Bun.spawnSync([...input.tool.command], {
    cwd: input.directory,
    env: { ...process.env, ...input.tool.env },
    stdin: 'ignore',
  });
  return { exitCode: run.exitCode, output: `${run.stdout.toString()}${run.stderr.toString()}` };
}
