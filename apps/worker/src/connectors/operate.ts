import { bootDatabase, createLogger, openSecretStore, readConfiguration, readSecretText } from '@karmanflow/runtime';
import { configurationShape } from '../configuration.ts';
import { workerLimits } from '../worker-limits.ts';
import { operateConnector } from './operate-connector.ts';

/** bun apps/worker/src/connectors/operate.ts, with the variables of the worker: what somebody may do about a connector. */
const { KF_PROFILE, KF_SECRETS, KF_DATABASE_URL_REF } = configurationShape;
const read = readConfiguration({ KF_PROFILE, KF_SECRETS, KF_DATABASE_URL_REF }, process.env);
if (!read.ok) {
  process.stderr.write(`the configuration is wrong: ${JSON.stringify(read.problems)}\n`);
  process.exit(1);
}
const { KF_PROFILE: profile, KF_SECRETS: secrets, KF_DATABASE_URL_REF: reference } = read.configuration;
const secretStore = openSecretStore(secrets, { ttlMilliseconds: workerLimits.secretCacheMilliseconds });
const database = await bootDatabase({
  url: await readSecretText(secretStore, reference),
  role: 'kf_worker',
  profile,
  applicationName: 'operate-connector',
  logger: createLogger({ app: 'worker', level: 'warn' }),
  connectionsMax: 2,
});
try {
  const report = await operateConnector(database, process.argv.slice(2));
  process[report.isDone ? 'stdout' : 'stderr'].write(`${report.text}\n`);
  process.exitCode = report.isDone ? 0 : 1;
} finally {
  await database.close();
}
