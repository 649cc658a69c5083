import {
  type Configuration,
  executorVariables,
  portVariable,
  readSecretReference,
  required,
  sharedVariables,
} from '@karmanflow/runtime';

/** The environment variables of this process. */
export const configurationShape = {
  ...sharedVariables,
  KF_PORT: portVariable({ purpose: 'The port that requests arrive at.', default: '4000' }),
  KF_METRICS_PORT: portVariable({
    purpose: 'The port that /metrics is served at, apart from requests so that it is never public.',
    default: '4100',
  }),
  KF_READ_DATABASE_URL_REF: required(
    {
      purpose: 'Where the postgresql:// address of the reading role, with its password, is kept.',
      expected: 'a reference secrets://<name> or secrets://<name>/<version>, never the address itself',
    },
    readSecretReference,
  ),
  ...executorVariables,
};

export type ConsoleApiConfiguration = Configuration<typeof configurationShape>;
