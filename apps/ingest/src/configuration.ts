import {
  executorVariables,
  portVariable,
  readSecretReference,
  sharedVariables,
  withDefault,
} from '@karmanflow/runtime';

/** The environment variables that ingest reads. */
export const configurationShape = {
  KF_PROFILE: sharedVariables.KF_PROFILE,
  KF_PORT: portVariable({ purpose: 'The port that deliveries arrive at.', default: '4001' }),
  KF_METRICS_PORT: portVariable({
    purpose: 'The port that /metrics is served at, apart from deliveries.',
    default: '4101',
  }),
  KF_SECRETS: sharedVariables.KF_SECRETS,
  KF_DATABASE_URL_REF: sharedVariables.KF_DATABASE_URL_REF,
  ...executorVariables,
  KF_QUARANTINE_KEY_REF: withDefault(
    {
      purpose: 'The key under which messages are held that could not be processed: 32 bytes as base64.',
      expected: 'secrets://<name>',
      default: 'secrets://ingest-quarantine-key',
    },
    readSecretReference,
  ),
  KF_LOG_LEVEL: sharedVariables.KF_LOG_LEVEL,
  OTEL_EXPORTER_OTLP_ENDPOINT: sharedVariables.OTEL_EXPORTER_OTLP_ENDPOINT,
};
