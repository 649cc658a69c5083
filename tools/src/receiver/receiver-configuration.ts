import {
  type Configuration,
  portVariable,
  readSecretReference,
  sharedVariables,
  withDefault,
} from '@karmanflow/runtime';
import { receiverSecretName } from './receiver-secret.ts';

const { KF_PROFILE, KF_SECRETS, KF_LOG_LEVEL } = sharedVariables;

/** The environment variables of the receiver. */
export const receiverConfigurationShape = {
  KF_PROFILE,
  KF_SECRETS,
  KF_LOG_LEVEL,
  KF_PORT: portVariable({ purpose: 'The port that webhooks arrive at.', default: '4004' }),
  KF_METRICS_PORT: portVariable({ purpose: 'The port that /metrics is served at.', default: '4104' }),
  KF_RECEIVER_SECRET_REF: withDefault(
    {
      purpose: 'Where the subscription and its secret are kept; read anew for each delivery until they are there.',
      expected: 'a reference secrets://<name> or secrets://<name>/<version>, never the secret itself',
      default: `secrets://${receiverSecretName}`,
    },
    readSecretReference,
  ),
};

export type ReceiverConfiguration = Configuration<typeof receiverConfigurationShape>;
