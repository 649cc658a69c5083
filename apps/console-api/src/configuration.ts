import { parseVerifierKey } from '@karmanflow/receipts';
import { isId } from '@karmanflow/schema';
import {
  type Configuration,
  executorVariables,
  logVariables,
  optional,
  portVariable,
  readSecretReference,
  required,
  sharedVariables,
} from '@karmanflow/runtime';

/** Not normalised: issuers are compared character by character (OpenID Connect Discovery section 4.3). */
function readIssuer(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['https:', 'http:'].includes(url.protocol)) return undefined;
  return url.username === '' && url.password === '' && !/[?#]/.test(text) ? text : undefined;
}

function readVerifierKeys(text: string): readonly string[] | undefined {
  const keys = text.split(',');
  return keys.every((key) => parseVerifierKey(key) !== undefined) ? keys : undefined;
}

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
  KF_PLATFORM_TENANT_ID: optional(
    {
      purpose: 'The tenant whose people create other tenants; without it nobody does so here.',
      expected: 'the id of a tenant, tnt_ and a UUID',
    },
    (text) => (isId('tenant', text) ? text : undefined),
  ),
  KF_LOG_ARCHIVE: logVariables.KF_LOG_ARCHIVE,
  KF_LOG_KEYS: optional(
    {
      purpose:
        'The public keys of the log of logs, which the worker names when it starts: the newest first, and those before it.',
      expected: 'verifier keys as C2SP signed-note writes them, with commas between them',
    },
    readVerifierKeys,
  ),
  KF_WEBHOOK_MASTER_REF: optional(
    {
      purpose: 'Where the master is kept from which the secrets of webhooks follow; the worker has the same.',
      expected: 'a reference secrets://<name> or secrets://<name>/<version>, never the master itself',
    },
    readSecretReference,
  ),
  KF_OIDC_ISSUER: optional(
    {
      purpose: 'The OpenID Connect provider at which people log in; without it there are API keys alone.',
      expected: 'the issuer identifier, exactly as the provider names itself: https, or http in the profile local',
    },
    readIssuer,
  ),
  KF_OIDC_CLIENT_ID: optional(
    { purpose: 'The name under which the provider knows this process.', expected: 'a client id of visible characters' },
    (text) => (/^[\x21-\x7e]+$/.test(text) ? text : undefined),
  ),
  KF_OIDC_CLIENT_SECRET_REF: optional(
    {
      purpose: 'Where the secret is kept by which the provider knows this process.',
      expected: 'a reference secrets://<name> or secrets://<name>/<version>, never the secret itself',
    },
    readSecretReference,
  ),
  KF_LOGIN_DATABASE_URL_REF: optional(
    {
      purpose: 'Where the postgresql:// address of the role that finds the tenants of an identity is kept.',
      expected: 'a reference secrets://<name> or secrets://<name>/<version>, never the address itself',
    },
    readSecretReference,
  ),
  KF_SESSION_SEALING_KEY_REF: optional(
    {
      purpose: 'Where the key is kept that seals what browsers hold of a login: 32 random bytes as base64url.',
      expected: 'a reference secrets://<name> or secrets://<name>/<version>, never the key itself',
    },
    readSecretReference,
  ),
  ...executorVariables,
};

export type ConsoleApiConfiguration = Configuration<typeof configurationShape>;
