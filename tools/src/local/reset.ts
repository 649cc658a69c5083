import { accepted, refused } from './local-problem.ts';
import { readScriptOptions } from './read-script-options.ts';
import { type ResetReport, runReset } from './run-reset.ts';
import { runScript } from './run-script.ts';

// Usage: bun run reset [--yes]. Removes all local data; with --yes it stops what runs first.

await runScript(async ({ paths, settings }) => {
  const options = readScriptOptions({ yes: { type: 'boolean' } });
  if (!options.ok) return refused(options.problem);
  const reset = await runReset({ paths, mayStop: options.value.yes === true });
  if (!reset.ok) return reset;
  const text = reportText(reset.value, { hasOwnDatabase: settings.databaseUrl !== null });
  return accepted({ text, exitCode: 0 });
});

function reportText({ stopped, removed, kept }: ResetReport, also: { readonly hasOwnDatabase: boolean }): string {
  const lines = [
    stopped.length === 0 ? null : `Stopped ${stopped.join(', ')}.`,
    removed.length === 0 ? 'There was nothing to remove.' : `Removed:\n  ${removed.join('\n  ')}`,
    kept.length === 0 ? null : `Not ours, and kept: ${kept.join(', ')}`,
    also.hasOwnDatabase ? 'The database of DATABASE_URL is as it was.' : null,
  ];
  return lines.filter((line) => line !== null).join('\n');
}
