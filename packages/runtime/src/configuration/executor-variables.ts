import { readSecretReference } from './shared-variables.ts';
import { required, type VariableSchema, withDefault } from './variable.ts';

/** A port, and the one that this process has when nobody says otherwise. */
export function portVariable(options: { purpose: string; default: string }): VariableSchema<number> {
  return withDefault({ ...options, expected: 'a port from 0 to 65535, 0 for any' }, (text) =>
    /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined,
  );
}

/** What every process reads that runs commands. */
export const executorVariables = {
  KF_RECEIPT_KEYRING_REF: required(
    {
      purpose: 'Where the key that signs receipts, and its published predecessors, are kept.',
      expected: 'a reference secrets://<name> or secrets://<name>/<version>, never the keyring itself',
    },
    readSecretReference,
  ),
  KF_SYNCHRONOUS_COMMIT: withDefault(
    {
      purpose: 'off lets a crash lose acknowledged commands: the negative control of the crash test.',
      expected: 'on, or off in the profile local',
      default: 'on',
    },
    (text) => (text === 'on' || text === 'off' ? text : undefined),
  ),
};
