import { logVariables, optional, readSecretReference, withDefault } from '@karmanflow/runtime';
import { quorumModes } from './witness-settings.ts';

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
  ...logVariables,
  KF_LOG_SIGNER_DIRECTORY: optional(
    {
      purpose:
        'Where the signer of checkpoints remembers what it signed: a disk that outlives the process, out of the reach of the database.',
      expected: 'an absolute directory',
    },
    (text) => (absolutePattern.test(text) ? text : undefined),
  ),
  KF_LOG_WITNESS_POLICY: optional(
    {
      purpose:
        'Which witnesses are asked to cosign the log of logs, where, and how many of them suffice: a policy file (C2SP tlog-policy).',
      expected: 'the absolute path of a file',
    },
    (text) => (absolutePattern.test(text) ? text : undefined),
  ),
  KF_LOG_WITHOUT_QUORUM: withDefault(
    {
      purpose: 'Whether checkpoints are published when too few witnesses have cosigned, or wait until enough have.',
      expected: quorumModes.join(' or '),
      default: 'publish',
    },
    (text) => quorumModes.find((mode) => mode === text),
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
