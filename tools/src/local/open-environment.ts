import { randomBytes } from 'node:crypto';
import { type Cluster, startCluster } from '../postgres/index.ts';
import { isPortFree } from '../postgres/port.ts';
import { checkDatabase } from './check-database.ts';
import type { Demo } from './demo.ts';
import { DemoOutdated } from './demo-commands.ts';
import { demoFingerprint } from './demo-plan.ts';
import { stopLeftovers } from './leftovers.ts';
import { existingApps } from './local-apps.ts';
import { type LocalProblem, type Result, accepted, refused } from './local-problem.ts';
import { openLocalSecrets } from './local-secrets.ts';
import { appPortsOf, type LocalSettings } from './local-settings.ts';
import { preparePeople } from './prepare-people.ts';
import type { Progress } from './progress.ts';
import { provision, type Provisioned, roleSecretName } from './provision.ts';
import { claimRun, type RunClaim } from './run-record.ts';
import type { RunningApp } from './running-app.ts';
import { seedDemo } from './seed-demo.ts';
import { recordOf, startApps } from './start-apps.ts';
import { prepareStateDirectory, type StatePaths, statePaths } from './state-directory.ts';
import { subscribeReceiver } from './subscribe-receiver.ts';
import type { SummarizedAccounts, SummarizedDatabase } from './summary.ts';
import type { Teardown } from './teardown.ts';

/** Everything that runs. */
export interface Environment {
  readonly database: SummarizedDatabase;
  /** The embedded server, or null when DATABASE_URL names another. */
  readonly server: Cluster | null;
  readonly demo: Demo;
  readonly accounts: SummarizedAccounts;
  readonly apps: readonly RunningApp[];
}

interface Opening {
  readonly settings: LocalSettings;
  readonly progress: Progress;
  /** Hears of each part as soon as it runs, so that an opening that fails leaves nothing behind. */
  readonly teardown: Teardown;
  readonly stop: AbortSignal;
}

type Outcome<Value> = Promise<Result<Value, LocalProblem>>;

/**
 * Starts the environment part by part: the claim on the state directory, Postgres, roles and schema, the demo, the apps.
 * Problems: every code of `LocalProblemCode`; `interrupted` when `stop` was aborted between two parts.
 */
export async function openEnvironment(opening: Opening): Outcome<Environment> {
  const { settings, progress, teardown, stop } = opening;
  const paths = statePaths(settings.stateDirectory);
  const prepared = await prepareStateDirectory(paths);
  if (!prepared.ok) return prepared;
  const claim = await claimRun(paths.run);
  if (!claim.ok) return claim;
  teardown.addRelease(claim.value.release);
  const cleared = await clearTheWay({ ...opening, paths, claim: claim.value });
  if (!cleared.ok) return cleared;

  const database = await openDatabase(opening, paths);
  if (!database.ok) return database;
  if (stop.aborted) return refused(interrupted);
  const provisioned = await prepareDatabase(progress, { adminUrl: database.value.adminUrl, paths });
  if (stop.aborted) return refused(interrupted);
  const people = await preparePeople({ settings, paths });
  if (!people.ok) return people;
  const demo = await seed(progress, { provisioned, identityIssuer: people.value.issuer });
  if (!demo.ok) return demo;
  if (stop.aborted) return refused(interrupted);
  const apps = await startApps({ ...opening, secretsDirectory: paths.secrets, accountsFile: paths.accounts });
  if (!apps.ok) return apps;
  await claim.value.record(await recordOf(apps.value));
  const subscribed = await subscribe(progress, { apps: apps.value, demo: demo.value, paths });
  if (!subscribed.ok) return subscribed;
  const { summary, server } = database.value;
  const accounts = { file: paths.accounts, subjects: people.value.accounts.map(({ subject }) => subject) };
  return accepted({ database: summary, server, demo: demo.value, accounts, apps: apps.value });
}

const interrupted: LocalProblem = {
  code: 'interrupted',
  message: 'The start was interrupted.',
  whatToDo: 'Start again: it goes on where it was.',
};

/** Stops what an earlier run left behind, and finds a port that is taken before anything is made. */
async function clearTheWay(work: Opening & { readonly paths: StatePaths; readonly claim: RunClaim }): Outcome<null> {
  const { settings, progress, paths, claim } = work;
  const leftovers = await stopLeftovers({ paths, record: claim.leftBehind });
  if (!leftovers.ok) return leftovers;
  if (leftovers.value.length > 0) {
    progress.line(`  An earlier run had not ended cleanly; stopped what it left: ${leftovers.value.join(', ')}`);
  }
  const names = existingApps(settings.root);
  for (const { port, variable } of appPortsOf(settings, names)) {
    if (await isPortFree(port)) continue;
    return refused({
      code: 'port_in_use',
      message: `Port ${port} of 127.0.0.1 is in use by another program.`,
      whatToDo: `End that program, or set ${variable} to a free port.`,
    });
  }
  return accepted(null);
}

interface OpenDatabase {
  readonly adminUrl: string;
  readonly server: Cluster | null;
  readonly summary: SummarizedDatabase;
}

async function openDatabase({ settings, progress, teardown }: Opening, paths: StatePaths): Outcome<OpenDatabase> {
  const end = progress.begin('Postgres');
  const secrets = openLocalSecrets(paths.secrets);
  if (settings.databaseUrl !== null) {
    const checked = await checkDatabase(settings.databaseUrl);
    if (!checked.ok) return checked;
    const { name, isOurs, hasRoles } = checked.value;
    end(`${name}, from DATABASE_URL${isOurs ? '' : ', which was empty'}`);
    if (hasRoles && (await secrets.read(roleSecretName('kf_command'))) === null) {
      progress.line(
        '  Its server had our roles, with passwords unknown here: they get new ones. Another checkout that',
      );
      progress.line('  uses the same server has to run `bun run up` again, or gets a server of its own.');
    }
    return accepted({
      adminUrl: settings.databaseUrl,
      server: null,
      summary: { address: name, processId: null, logFile: null },
    });
  }
  const newPassword = (): string => randomBytes(24).toString('base64url');
  const started = await startCluster({
    dataDirectory: paths.postgres,
    port: settings.postgresPort,
    password: await secrets.readOrMake('postgres-admin-password', newPassword),
  });
  if (!started.ok) return started;
  const server = started.value;
  teardown.addServer(server);
  end(server.created ? 'a new database' : 'with the data of the last run');
  const { adminUrl, port, processId, logFile } = server;
  return accepted({ adminUrl, server, summary: { address: `127.0.0.1:${port}`, processId, logFile } });
}

async function prepareDatabase(
  progress: Progress,
  work: { readonly adminUrl: string; readonly paths: StatePaths },
): Promise<Provisioned> {
  const end = progress.begin('schema');
  const provisioned = await provision({ adminUrl: work.adminUrl, secretsDirectory: work.paths.secrets });
  const { migrated } = provisioned;
  end(migrated.length === 0 ? 'nothing to migrate' : `migrated: ${migrated.join(', ')}`);
  return provisioned;
}

/** Where there is a receiver and something to tell it. */
async function subscribe(
  progress: Progress,
  work: { readonly apps: readonly RunningApp[]; readonly demo: Demo; readonly paths: StatePaths },
): Outcome<null> {
  const urlOf = (name: RunningApp['app']): string | undefined => work.apps.find(({ app }) => app === name)?.url;
  const apiUrl = urlOf('console-api');
  const receiverUrl = urlOf('receiver');
  if (apiUrl === undefined || receiverUrl === undefined) return accepted(null);
  const end = progress.begin('webhooks');
  const secrets = openLocalSecrets(work.paths.secrets);
  const subscribed = await subscribeReceiver({ apiUrl, receiverUrl, demo: work.demo, secrets });
  if (subscribed.ok) end(`to ${receiverUrl}/hooks`);
  return subscribed;
}

async function seed(
  progress: Progress,
  work: { readonly provisioned: Provisioned; readonly identityIssuer: string },
): Outcome<Demo> {
  const end = progress.begin('demo data');
  try {
    const demo = await seedDemo(work);
    const isCurrent = demo.fingerprint === demoFingerprint;
    end(isCurrent ? 'tenant "Demo"' : 'made by an earlier state of the code; `bun run reset` makes it new');
    return accepted(demo);
  } catch (error) {
    if (!(error instanceof DemoOutdated)) throw error;
    return refused({
      code: 'demo_outdated',
      message: `The database holds part of a demo that another state of the code began: ${error.message}`,
      whatToDo: 'Run `bun run reset`, or name an empty database in DATABASE_URL.',
    });
  }
}
