import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createNoteSigner,
  formatVerifierKey,
  type KeySetDocument,
  parseSignerJournal,
  type SignerMemory,
} from '@karmanflow/receipts';
import {
  bootDatabase,
  type Configuration,
  type Logger,
  openLogArchive,
  type Profile,
  readSecretText,
  type SecretStore,
} from '@karmanflow/runtime';
import type { configurationShape } from '../configuration.ts';
import { integrityLimits } from './integrity-limits.ts';
import type { IntegrityParts } from './start-integrity.ts';

/** The file in which the signer of checkpoints keeps its memory. */
const journalName = 'signed-checkpoints';

/**
 * Opens what the nightly check reads, or nothing when no database is named for it, or no log is published. The signer's
 * memory is read as it stands on its disk: only one process may open it, and that is the one that signs.
 */
export async function openIntegrity(
  configuration: Configuration<typeof configurationShape>,
  ports: {
    readonly secretStore: SecretStore;
    readonly profile: Profile;
    readonly logger: Logger;
    readonly keySet: KeySetDocument;
  },
): Promise<IntegrityParts | null> {
  const { secretStore, profile, logger, keySet } = ports;
  const { KF_INTEGRITY_DATABASE_URL_REF: reference, KF_SEQUENCER_DATABASE_URL_REF: sequencer } = configuration;
  const { KF_LOG_HOST: host, KF_LOG_ARCHIVE: archive, KF_LOG_SIGNER_DIRECTORY: directory } = configuration;
  if (reference === null || sequencer === null || host === null || archive === null) {
    logger[profile === 'local' ? 'info' : 'warn'](
      {},
      'this process checks no integrity: it has no database or no log for it',
    );
    return null;
  }
  const seed = Buffer.from(await readSecretText(secretStore, configuration.KF_LOG_SIGNING_KEY_REF), 'base64');
  const database = await bootDatabase({
    url: await readSecretText(secretStore, reference),
    role: 'kf_read',
    profile,
    applicationName: 'integrity',
    logger,
    connectionsMax: integrityLimits.connections,
  });
  return {
    database,
    archive: await openLogArchive(archive, { profile, logger, access: 'read' }),
    host,
    keySet,
    logKeyOf: (origin) => formatVerifierKey(createNoteSigner({ name: origin, seed }).key),
    readMemory: async () => (directory === null ? new Map() : readSignerMemory(directory)),
  };
}

/** What the signer remembers. Throws when its journal is damaged: that is something to look at, too. */
export async function readSignerMemory(directory: string): Promise<SignerMemory> {
  const path = join(directory, journalName);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  });
  const memory = parseSignerJournal(text);
  if (memory === undefined) throw new Error(`${path} is damaged`);
  return memory;
}
