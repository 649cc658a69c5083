import {
  sharedVariables,
  type Configuration,
  readSecretReference,
  required,
  type VariableSchema,
  withDefault,
} from '@karmanflow/runtime';
import * as v from 'valibot';

/** As every process reads it, with the port that this process has when nobody says otherwise. */
function portWithDefault(purpose: string, port: string): VariableSchema<number> {
  return withDefault({ purpose, expected: 'a port from 0 to 65535, 0 for any', default: port }, (text) => {
    const read = v.safeParse(sharedVariables.KF_PORT, text);
    return read.success ? read.output : undefined;
  });
}

/** The environment variables of this process. */
export const configurationShape = {
  ...sharedVariables,
  KF_PORT: portWithDefault('The port that requests arrive at.', '4000'),
  KF_METRICS_PORT: portWithDefault(
    'The port that /metrics is served at, apart from requests so that it is never public.',
    '4100',
  ),
  KF_READ_DATABASE_URL_REF: required(
    {
      purpose: 'Where the postgresql:// address of the reading role, with its password, is kept.',
      expected: 'a reference secrets://<name> or secrets://<name>/<version>, never the address itself',
    },
    readSecretReference,
  ),
  KF_RECEIPT_KEYRING_REF: required(
    {
      purpose: 'Where the key that signs receipts, and its published predecessors, are kept.',
      expected: 'a reference secrets://<name> or secrets://<name>/<version>, never the keyring itself',
    },
    readSecretReference,
  ),
  KF_SYNCHRONOUS_COMMIT: withDefault(
    {
      purpose:
        'off lets a crash lose acknowledged commands: the negative control of the test that looks for such a loss.',
      expected: 'on, or off in the profile local',
      default: 'on',
    },
    (text) => (['on', 'off'] as const).find((value) => value === text),
  ),
};

export type ConsoleApiConfiguration = Configuration<typeof configurationShape>;
