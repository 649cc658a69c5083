import type { Profile } from '../configuration/shared-variables.ts';
import type { Logger } from '../logging/logger.ts';
import { createFolderArchive } from './folder-archive.ts';
import { createGcsArchive } from './gcs-archive.ts';
import type { BucketFacts } from './gcs-bucket.ts';
import type { LogArchive, LogArchiveSettings } from './log-archive.ts';

export interface OpenLogArchiveOptions {
  readonly profile: Profile;
  readonly logger: Logger;
  /** Who only reads does not ask whether what is kept there can be removed, and needs no right to. */
  readonly access: 'read' | 'write';
  /** Another origin than Google's, for tests. */
  readonly apiEndpoint?: string;
}

/** The archive is not safe from those whom it is to be a witness against. All of the reasons are in the message. */
export class ArchiveRefused extends Error {
  override readonly name = 'ArchiveRefused';

  constructor(input: { readonly address: string; readonly cautions: readonly string[] }) {
    super(`${input.address} is not fit to be the archive: ${input.cautions.join('; ')}`);
  }
}

/**
 * Opens the archive that KF_LOG_ARCHIVE names. Who writes to a bucket learns first whether what is written there can be
 * removed: outside of the local profile that stops the start (`ArchiveRefused`), there it is a warning. Throws
 * `ArchiveUnavailable` when a bucket does not say.
 */
export async function openLogArchive(
  settings: LogArchiveSettings,
  options: OpenLogArchiveOptions,
): Promise<LogArchive> {
  const { profile, logger, access } = options;
  if (settings.kind === 'folder') {
    if (access === 'write' && profile !== 'local') {
      logger.warn(
        { directory: settings.directory },
        'the archive is a folder: whoever may write there can remove what is in it',
      );
    }
    return createFolderArchive({ directory: settings.directory });
  }
  const { bucket, prefix } = settings;
  const endpoint = options.apiEndpoint === undefined ? {} : { apiEndpoint: options.apiEndpoint };
  const archive = createGcsArchive({ bucket, prefix, ...endpoint });
  if (access === 'read') return archive;
  const facts = await archive.describe();
  const cautions = bucketCautions(facts);
  for (const caution of cautions) logger.warn({ address: archive.address, caution }, 'the archive is not safe');
  if (cautions.length > 0 && profile !== 'local') throw new ArchiveRefused({ address: archive.address, cautions });
  logger.info({ address: archive.address, ...facts }, 'the archive is open');
  return archive;
}

/** Why this bucket is not safe from its own administrators, or gives away what is in it. Empty when it is fit. */
export function bucketCautions(facts: BucketFacts): readonly string[] {
  const cautions: string[] = [];
  // Not a number is no time either.
  if (!(facts.retentionSeconds > 0)) cautions.push('it has no retention policy, so that objects can be removed');
  else if (!facts.isLocked) cautions.push('its retention policy is not locked, so that it can be taken away');
  if (!facts.isPublicAccessPrevented) cautions.push('public access is not prevented, and receipts are in it');
  return cautions;
}
