import { executorVariables, portVariable, sharedVariables } from '@karmanflow/runtime';
import { connectorVariables } from './connectors/connector-variables.ts';
import { deliveryVariables } from './delivery/delivery-variables.ts';
import { integrityVariables } from './integrity/integrity-variables.ts';
import { sequencerVariables } from './sequencer/sequencer-variables.ts';

/** The environment variables that the worker reads. */
export const configurationShape = {
  KF_PROFILE: sharedVariables.KF_PROFILE,
  KF_PORT: portVariable({ purpose: 'The port that health is asked at; no work comes in over it.', default: '4002' }),
  KF_METRICS_PORT: portVariable({
    purpose: 'The port that /metrics is served at, apart from health.',
    default: '4102',
  }),
  KF_SECRETS: sharedVariables.KF_SECRETS,
  KF_DATABASE_URL_REF: sharedVariables.KF_DATABASE_URL_REF,
  ...executorVariables,
  ...sequencerVariables,
  ...integrityVariables,
  ...deliveryVariables,
  ...connectorVariables,
  KF_LOG_LEVEL: sharedVariables.KF_LOG_LEVEL,
  OTEL_EXPORTER_OTLP_ENDPOINT: sharedVariables.OTEL_EXPORTER_OTLP_ENDPOINT,
};
