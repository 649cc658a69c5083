import { readSecretReference, required, sharedVariables, withDefault } from '@karmanflow/runtime';

function readPort(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

const port = 'a port from 0 to 65535, 0 for any';

/** The environment variables that the worker reads. */
export const configurationShape = {
  KF_PROFILE: sharedVariables.KF_PROFILE,
  KF_PORT: withDefault(
    { purpose: 'The port that health is asked at; no work comes in over it.', expected: port, default: '4002' },
    readPort,
  ),
  KF_METRICS_PORT: withDefault(
    { purpose: 'The port that /metrics is served at, apart from health.', expected: port, default: '4102' },
    readPort,
  ),
  KF_SECRETS: sharedVariables.KF_SECRETS,
  KF_DATABASE_URL_REF: sharedVariables.KF_DATABASE_URL_REF,
  KF_RECEIPT_KEYRING_REF: required(
    {
      purpose: 'Where the keys that sign receipts are kept.',
      expected: 'a reference secrets://<name> or secrets://<name>/<version>',
    },
    readSecretReference,
  ),
  KF_SYNCHRONOUS_COMMIT: withDefault(
    {
      purpose: 'off lets commits be lost in a crash: the negative control of the crash test, refused outside of local.',
      expected: 'on or off',
      default: 'on',
    },
    (text) => (text === 'on' || text === 'off' ? text : undefined),
  ),
  KF_LOG_LEVEL: sharedVariables.KF_LOG_LEVEL,
  OTEL_EXPORTER_OTLP_ENDPOINT: sharedVariables.OTEL_EXPORTER_OTLP_ENDPOINT,
};
