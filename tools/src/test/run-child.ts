import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

const OUTPUT_CHARACTERS_MAX = 4_000_000;
const KILL_AFTER_MILLISECONDS = 5_000;
const DRAIN_MILLISECONDS = 2_000;

export interface ChildOptions {
  readonly command: readonly string[];
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly deadlineSeconds: number;
  /** Ends the child early. */
  readonly signal: AbortSignal;
}

export interface ChildResult {
  /** The exit code; 1 when the child could not start, or was ended by a signal. */
  readonly exitCode: number;
  /** Both streams, in the order in which they arrived; the end of it when it is very long. */
  readonly output: string;
}

/**
 * Runs a program to its end, with its descendants in a process group of their own. Past the deadline, or when the signal
 * fires, the group is ended, at first politely. Never throws: what went wrong is in the result.
 */
export async function runChild(options: ChildOptions): Promise<ChildResult> {
  if (options.signal.aborted) return { exitCode: 1, output: 'not started: the run was stopped\n' };
  const [program = '', ...args] = options.command;
  const child = spawn(program, args, {
    cwd: options.directory,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const output = collectOutput(child);
  const abort = (): void => endGroup(child);
  options.signal.addEventListener('abort', abort, { once: true });
  let isLate = false;
  const deadline = setTimeout(() => {
    isLate = true;
    endGroup(child);
  }, options.deadlineSeconds * 1_000);

  const exitCode = await ended(child, output);
  clearTimeout(deadline);
  options.signal.removeEventListener('abort', abort);
  // What the child started and left behind would hold ports and memory for the next stage.
  signalGroup({ child, signal: 'SIGKILL' });
  await drained(child);
  if (isLate) output.add(`\nended after its deadline of ${options.deadlineSeconds} s\n`);
  return { exitCode, output: output.text() };
}

interface Output {
  readonly add: (chunk: string) => void;
  readonly text: () => string;
}

function collectOutput(child: ChildProcess): Output {
  let collected = '';
  const add = (chunk: string): void => {
    collected = (collected + chunk).slice(-OUTPUT_CHARACTERS_MAX);
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8');
    stream?.on('data', add);
  }
  return { add, text: () => collected };
}

function ended(child: ChildProcess, output: Output): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      output.add(`could not run: ${error.message}\n`);
      resolve(1);
    });
    child.once('exit', (code, signal) => {
      if (signal !== null) output.add(`\nended by ${signal}\n`);
      resolve(code ?? 1);
    });
  });
}

function drained(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const streams = [child.stdout, child.stderr].filter((stream) => stream !== null && !stream.closed);
    if (streams.length === 0) {
      resolve();
      return;
    }
    // A process that left the group may hold the other end of a pipe for ever.
    const timer = setTimeout(resolve, DRAIN_MILLISECONDS);
    child.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function endGroup(child: ChildProcess): void {
  signalGroup({ child, signal: 'SIGTERM' });
  setTimeout(() => signalGroup({ child, signal: 'SIGKILL' }), KILL_AFTER_MILLISECONDS).unref();
}

function signalGroup(input: { readonly child: ChildProcess; readonly signal: NodeJS.Signals }): void {
  if (input.child.pid === undefined) return;
  try {
    process.kill(-input.child.pid, input.signal);
  } catch {
    // The group is already gone, which is what was asked for.
  }
}
