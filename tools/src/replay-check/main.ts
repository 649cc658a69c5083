import { openDatabase, type RuntimeRole } from '@karmanflow/schema';
import { accepted, refused } from '../local/local-problem.ts';
import { openLocalSecrets } from '../local/local-secrets.ts';
import { roleSecretName } from '../local/provision.ts';
import { readScriptOptions } from '../local/read-script-options.ts';
import { runScript } from '../local/run-script.ts';
import { describeReplay, replayByScope, replayEverything } from './replay-check.ts';

// Usage: bun run replay-check [--database <administrator's postgresql:// address>]. Without an address it checks the local
// environment, which `bun run up` has to have made, as the roles that read. Exit code 0: every row follows from the events.

await runScript(async ({ paths }) => {
  const options = readScriptOptions({ database: { type: 'string' } });
  if (!options.ok) return refused(options.problem);
  const { database } = options.value;
  if (database !== undefined) return accepted(endOf(describeReplay(await replayEverything(database))));
  const secrets = openLocalSecrets(paths.secrets);
  const addresses = await Promise.all(
    (['kf_sequencer', 'kf_read'] satisfies RuntimeRole[]).map((role) => secrets.read(roleSecretName(role))),
  );
  const [sequencerUrl = null, readUrl = null] = addresses;
  if (sequencerUrl === null || readUrl === null) {
    const message = 'There is no local environment in this checkout.';
    return refused({ code: 'setting_invalid', message, whatToDo: 'Start it with `bun run up`, or name a --database.' });
  }
  const open = (url: string) => openDatabase({ url, applicationName: 'replay-check', connectionsMax: 2 });
  const [sequencer, read] = [open(sequencerUrl), open(readUrl)];
  try {
    return accepted(endOf(describeReplay(await replayByScope({ sequencer, read }))));
  } finally {
    await Promise.all([sequencer.close(), read.close()]);
  }
});

function endOf({ isSound, text }: { readonly isSound: boolean; readonly text: string }) {
  return { text, exitCode: isSound ? 0 : 1 } as const;
}
