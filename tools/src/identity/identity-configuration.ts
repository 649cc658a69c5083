import { resolve } from 'node:path';
import { type Configuration, portVariable, readSecretReference, required, sharedVariables } from '@karmanflow/runtime';

const { KF_PROFILE, KF_SECRETS, KF_PUBLIC_URL, KF_LOG_LEVEL } = sharedVariables;

/** The environment variables of the embedded identity provider. */
export const identityConfigurationShape = {
  KF_PROFILE,
  KF_SECRETS,
  KF_PUBLIC_URL,
  KF_LOG_LEVEL,
  KF_PORT: portVariable({ purpose: 'The port that browsers log in at.', default: '4003' }),
  KF_METRICS_PORT: portVariable({ purpose: 'The port that /metrics is served at.', default: '4103' }),
  KF_IDENTITY_ACCOUNTS_FILE: required(
    { purpose: 'The file of the people who can log in.', expected: 'a path' },
    (text) => resolve(text),
  ),
  KF_IDENTITY_REDIRECT_URI: required(
    {
      purpose: 'Where browsers are sent back to, and nowhere else.',
      expected: 'an http or https address without credentials or fragment',
    },
    (text) =>
      URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && !text.includes('#') ? text : undefined,
  ),
  KF_OIDC_CLIENT_ID: required(
    { purpose: 'The name under which the one client is known.', expected: 'visible characters' },
    (text) => (/^[\x21-\x7e]+$/.test(text) ? text : undefined),
  ),
  KF_OIDC_CLIENT_SECRET_REF: required(
    {
      purpose: 'Where the secret of the one client is kept.',
      expected: 'a reference secrets://<name> or secrets://<name>/<version>, never the secret itself',
    },
    readSecretReference,
  ),
};

export type IdentityConfiguration = Configuration<typeof identityConfigurationShape>;
