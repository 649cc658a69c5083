import { resolve } from 'node:path';
import { runUp } from './run-up.ts';

// Usage: bun run up. Runs until Ctrl-C, `bun run down` or SIGTERM. The variables it reads are in local-settings.ts.

/** One Ctrl-C may arrive more than once, from the terminal and from the package runners above us. */
const sameRequestMilliseconds = 1_000;
const exitCodeKilled = 130;

const stop = new AbortController();
const force = new AbortController();
let requestedAt = 0;

function onSignal(): void {
  const now = performance.now();
  if (!stop.signal.aborted) {
    requestedAt = now;
    process.stdout.write('\nStopping; Ctrl-C again does not wait for what is being worked on.\n');
    stop.abort();
    return;
  }
  if (now - requestedAt < sameRequestMilliseconds) return;
  requestedAt = now;
  // What is left then ends by itself: everything that we start watches whether we live.
  if (force.signal.aborted) process.exit(exitCodeKilled);
  force.abort();
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
// A closed terminal or pipe must not keep us from stopping what we started.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

const exitCode = await runUp({
  root: resolve(import.meta.dir, '../../..'),
  environment: process.env,
  output: { isTerminal: process.stdout.isTTY === true, write: (text) => void process.stdout.write(text) },
  stop: stop.signal,
  force: force.signal,
});
process.exit(exitCode);
