import { optional, readSecretReference, withDefault } from '@karmanflow/runtime';

/** A domain name as an origin may begin with: labels of lower-case letters, digits and hyphens, and perhaps a port. */
const hostPattern = /^[a-z0-9](?:[a-z0-9.-]{0,180}[a-z0-9])?(?::\d{1,5})?$/;
const absolutePattern = /^\/./;

/** The variables of the sequencer. Without the first one this process gives no positions, another one has to. */
export const sequencerVariables = {
  KF_SEQUENCER_DATABASE_URL_REF: optional(
    {
      purpose:
        'Where the postgresql:// address of the role kf_sequencer is kept; without it this process gives no positions.',
      expected: 'a reference secrets://<name> or secrets://<name>/<version>, never the address itself',
    },
    readSecretReference,
  ),
  KF_LOG_HOST: optional(
    {
      purpose:
        'The domain name under which the logs of receipts are published; it begins each origin and never changes.',
      expected: 'a domain name, without scheme or path',
    },
    (text) => (hostPattern.test(text) ? text : undefined),
  ),
  KF_LOG_ARCHIVE: optional(
    {
      purpose: 'Where tiles, receipts and checkpoints are put before a checkpoint is published.',
      expected: 'file:<absolute directory>',
    },
    (text) => (text.startsWith('file:') && absolutePattern.test(text.slice(5)) ? text.slice(5) : undefined),
  ),
  KF_LOG_SIGNER_DIRECTORY: optional(
    {
      purpose:
        'Where the signer of checkpoints remembers what it signed: a disk that outlives the process, out of the reach of the database.',
      expected: 'an absolute directory',
    },
    (text) => (absolutePattern.test(text) ? text : undefined),
  ),
  KF_LOG_SIGNING_KEY_REF: withDefault(
    {
      purpose: 'Where the key that signs checkpoints is kept: 32 random bytes in base64.',
      expected: 'a reference secrets://<name> or secrets://<name>/<version>, never the key itself',
      default: 'secrets://log-signing-key',
    },
    readSecretReference,
  ),
};
