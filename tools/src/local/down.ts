import { accepted } from './local-problem.ts';
import { runDown } from './run-down.ts';
import { runScript } from './run-script.ts';

// Usage: bun run down. Stops a running `bun run up` of this checkout, and what is left of one that died.

await runScript(async ({ paths }) => {
  const stopped = await runDown(paths);
  if (!stopped.ok) return stopped;
  const text = stopped.value.length === 0 ? 'Nothing was running.' : `Stopped ${stopped.value.join(', ')}.`;
  return accepted({ text, exitCode: 0 });
});
