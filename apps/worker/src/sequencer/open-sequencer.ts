import {
  bootDatabase,
  type Configuration,
  type Logger,
  openLogArchive,
  type Profile,
  readSecretText,
  type SecretStore,
} from '@karmanflow/runtime';
import { createNoteSigner, formatVerifierKey, superLogPlace } from '@karmanflow/receipts';
import type { Database } from '@karmanflow/schema';
import { openCheckpointSigner } from './checkpoint-signer.ts';
import { sequencerLimits } from './sequencer-limits.ts';
import type { sequencerVariables } from './sequencer-variables.ts';
import type { LogSettings } from './start-sequencer.ts';
import { readWitnessSettings } from './witness-settings.ts';

/** What a sequencer stands on, opened. */
export interface SequencerParts {
  /** Closed by who stops the process. */
  readonly database: Database;
  readonly log: LogSettings | null;
}

const seedBytes = 32;

/**
 * Opens what the configuration names, or nothing when this process gives no positions. Throws when the log is configured by
 * half, when its key is none, and what opening the database throws.
 */
export async function openSequencer(
  configuration: Configuration<typeof sequencerVariables>,
  ports: { readonly secretStore: SecretStore; readonly profile: Profile; readonly logger: Logger },
): Promise<SequencerParts | null> {
  const { secretStore, profile, logger } = ports;
  const reference = configuration.KF_SEQUENCER_DATABASE_URL_REF;
  if (reference === null) {
    logger[profile === 'local' ? 'info' : 'warn'](
      {},
      'this process gives no positions: no database of the sequencer is named',
    );
    return null;
  }
  const log = await openLog(configuration, ports);
  if (log === null)
    logger[profile === 'local' ? 'info' : 'warn']({}, 'no log of receipts is published: no archive is named');
  const database = await bootDatabase({
    url: await readSecretText(secretStore, reference),
    role: 'kf_sequencer',
    profile,
    applicationName: 'sequencer',
    logger,
    connectionsMax: sequencerLimits.connections,
  });
  return { database, log };
}

async function openLog(
  configuration: Configuration<typeof sequencerVariables>,
  { secretStore, profile, logger }: { secretStore: SecretStore; profile: Profile; logger: Logger },
): Promise<LogSettings | null> {
  const { KF_LOG_HOST: host, KF_LOG_ARCHIVE: archive, KF_LOG_SIGNER_DIRECTORY: directory } = configuration;
  const { KF_LOG_WITNESS_POLICY: policyPath, KF_LOG_WITHOUT_QUORUM: withoutQuorum } = configuration;
  if (host === null && archive === null && directory === null && policyPath === null) return null;
  if (host === null || archive === null || directory === null) {
    throw new Error('KF_LOG_HOST, KF_LOG_ARCHIVE and KF_LOG_SIGNER_DIRECTORY are set together or not at all');
  }
  const seed = Buffer.from(await readSecretText(secretStore, configuration.KF_LOG_SIGNING_KEY_REF), 'base64');
  // Never the content in the message: it is the signing key.
  if (seed.length !== seedBytes)
    throw new Error(`${configuration.KF_LOG_SIGNING_KEY_REF} is not a key of ${seedBytes} bytes`);
  const logKey = createNoteSigner({ name: superLogPlace({ host }).origin, seed }).key;
  // What a witness is told about the log, and what verifiers put into their policy.
  logger.info({ verifierKey: formatVerifierKey(logKey) }, 'the log of logs is signed with this key');
  return {
    host,
    archive: await openLogArchive(archive, { profile, logger, access: 'write' }),
    openSigner: () => openCheckpointSigner({ directory, seed }),
    witnessing: policyPath === null ? null : await readWitnessSettings({ path: policyPath, withoutQuorum, logKey }),
  };
}
