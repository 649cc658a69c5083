import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LocalProblem, type Result, accepted, refused } from '../local/local-problem.ts';
import { readRunRecord } from '../local/run-record.ts';
import { runScript } from '../local/run-script.ts';
import { shellCommand } from '../local/shell-text.ts';
import type { StatePaths } from '../local/state-directory.ts';
import { readAccounts } from './accounts.ts';
import { cookieJarText } from './cookie-jar.ts';
import { logIn, type LogInOrder } from './log-in.ts';

// Usage: bun run login -- <account> [--environment sandbox] [--tenant …]
// Logs a person of the local environment in, keeps the cookies in a file for curl, and prints how to use it.

await runScript(async ({ paths, settings }) => {
  const given = readArguments();
  if (!given.ok) return given;
  const known = await readAccounts(paths.accounts);
  const account = known?.accounts.find(({ subject }) => subject === given.value.account);
  if (known === null) {
    const message = `There are no people in ${paths.accounts}.`;
    return refused({ code: 'demo_missing', message, whatToDo: 'Run `bun run up` first; it makes some.' });
  }
  if (account === undefined) {
    const names = known.accounts.map(({ subject }) => subject).join(', ');
    return refused(unusable(`There is nobody named "${given.value.account}".`, `Name one of ${names}.`));
  }
  const running = (await readRunRecord(paths.run))?.apps.find(({ app }) => app === 'console-api');
  const url = running?.url ?? `http://127.0.0.1:${settings.apps['console-api'].port}`;
  const order: LogInOrder = { ...given.value, url, password: account.password };
  const outcome = await logIn(order).catch((error: unknown) => {
    // What `fetch` says of a connection that nobody accepts.
    if (error instanceof Error) return null;
    throw error;
  });
  if (outcome === null) {
    const message = `The console's API, or the identity provider, does not answer at ${url}.`;
    return refused({ code: 'app_not_ready', message, whatToDo: 'Start both with `bun run up` in another terminal.' });
  }
  if (!outcome.ok)
    return refused(unusable(`Not logged in: ${outcome.reason}.`, 'Name another place, or look at the log.'));
  const cookies = outcome.cookies.filter(({ name }) => /(?:^|-)kf_(?:session|seen)$/.test(name));
  const file = await writeJar({ paths, order, text: cookieJarText({ host: new URL(url).hostname, cookies }) });
  return accepted({ text: report({ order, file, ...outcome }), exitCode: 0 });
});

function readArguments(): Result<Pick<LogInOrder, 'account' | 'environment' | 'tenant'>, LocalProblem> {
  const usage = 'bun run login -- <account> [--environment sandbox] [--tenant …]';
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { environment: { type: 'string', default: 'sandbox' }, tenant: { type: 'string' } },
    });
    const [account, ...others] = positionals;
    if (account === undefined || others.length > 0) return refused(unusable('Name one account.', usage));
    return accepted({ account, environment: values.environment, tenant: values.tenant ?? null });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return refused(unusable(`${error.message.split('. ')[0] ?? ''}.`, usage));
  }
}

function unusable(message: string, whatToDo: string): LocalProblem {
  return { code: 'setting_invalid', message, whatToDo };
}

/** For this user alone: whoever has the file is the person. */
async function writeJar(jar: {
  readonly paths: StatePaths;
  readonly order: LogInOrder;
  readonly text: string;
}): Promise<string> {
  const { sessions } = jar.paths;
  await mkdir(sessions, { recursive: true, mode: 0o700 });
  const file = join(sessions, `${jar.order.account}.jar`);
  const draft = `${file}.${crypto.randomUUID()}`;
  await writeFile(draft, jar.text, { mode: 0o600 });
  await rename(draft, file);
  return file;
}

function report(end: {
  readonly order: LogInOrder;
  readonly file: string;
  readonly csrfToken: string;
  readonly place: { readonly tenant: string; readonly environment: string };
}): string {
  const { order, file, csrfToken, place } = end;
  // The same file twice: what a session has to tell its browser is kept as well.
  const curl = ['curl', '-sS', '-w', '\\n', '-b', file, '-c', file];
  const show = shellCommand([[...curl, `${order.url}/v1/session`]]);
  const change = shellCommand([
    [...curl, `${order.url}/v1/session/close`],
    ['-H', `x-karmanflow-csrf: ${csrfToken}`],
    ['-H', `origin: ${new URL(order.url).origin}`],
    ['-H', 'content-type: application/json'],
    ['--data-raw', '{}'],
  ]);
  return [
    `${order.account} is logged in, in ${place.environment} of ${place.tenant}. The cookies are in ${file}.`,
    `Read with them:\n\n${show}`,
    `Whatever changes something also carries these headers, and a command its idempotency-key. This logs out:\n\n${change}`,
  ].join('\n\n');
}
