import { optional, readSecretReference } from '@karmanflow/runtime';

/** The variable of the nightly integrity check; what it compares with is named by the variables of the sequencer. */
export const integrityVariables = {
  KF_INTEGRITY_DATABASE_URL_REF: optional(
    {
      purpose:
        'Where the postgresql:// address of the role kf_read is kept for the nightly integrity check; without it this process makes none.',
      expected: 'a reference secrets://<name> or secrets://<name>/<version>, never the address itself',
    },
    readSecretReference,
  ),
};
