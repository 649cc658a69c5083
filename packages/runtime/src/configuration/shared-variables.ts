import { isSecretReference, type SecretReference } from '../secrets/secret-reference.ts';
import { logLevels, type LogLevel } from '../logging/logger.ts';
import { optional, required, type VariableSchema, withDefault } from './variable.ts';

/** local: one machine, for development and tests · production: everything else, with every caution a refusal. */
export const profiles = ['local', 'production'] as const;
export type Profile = (typeof profiles)[number];

export type SecretSettings =
  | { readonly kind: 'file'; readonly directory: string }
  | { readonly kind: 'google'; readonly projectId: string };

function readPort(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65_535 ? port : undefined;
}

function readUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined;
  // An address with a password in it is a secret, and what follows ? or # would be lost when a path is appended.
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  return url;
}

function readSecretSettings(text: string): SecretSettings | undefined {
  if (text.startsWith('file:') && text.length > 'file:'.length) {
    return { kind: 'file', directory: text.slice('file:'.length) };
  }
  const project = /^gcp:([a-z][a-z0-9-]{4,28}[a-z0-9])$/.exec(text)?.[1];
  return project === undefined ? undefined : { kind: 'google', projectId: project };
}

function oneOf<const Values extends readonly string[]>(values: Values): (text: string) => Values[number] | undefined {
  return (text) => values.find((value) => value === text);
}

/** Reads a reference to a secret, for variables that name one: no secret value may be in an environment variable. */
export function readSecretReference(text: string): SecretReference | undefined {
  return isSecretReference(text) ? text : undefined;
}

/** The variables that several processes read. An app adds its own and passes the whole to `readConfiguration`. */
export const sharedVariables: {
  readonly KF_PROFILE: VariableSchema<Profile>;
  readonly KF_PORT: VariableSchema<number>;
  readonly KF_METRICS_PORT: VariableSchema<number>;
  readonly KF_DATABASE_URL_REF: VariableSchema<SecretReference>;
  readonly KF_SECRETS: VariableSchema<SecretSettings>;
  readonly KF_PUBLIC_URL: VariableSchema<string>;
  readonly KF_LOG_LEVEL: VariableSchema<LogLevel>;
  readonly OTEL_EXPORTER_OTLP_ENDPOINT: VariableSchema<string | null>;
} = {
  KF_PROFILE: required(
    {
      purpose: 'How strict the process is: outside of local, what is only a caution there stops the start.',
      expected: 'local or production',
    },
    oneOf(profiles),
  ),
  KF_PORT: withDefault(
    { purpose: 'The port that requests arrive at.', expected: 'a port from 0 to 65535, 0 for any', default: '8080' },
    readPort,
  ),
  KF_METRICS_PORT: withDefault(
    {
      purpose: 'The port that /metrics is served at, apart from requests so that it is never public.',
      expected: 'a port from 0 to 65535, 0 for any',
      default: '9464',
    },
    readPort,
  ),
  KF_DATABASE_URL_REF: required(
    {
      purpose: 'Where the postgresql:// address of this process, with its role and password, is kept.',
      expected: 'a reference secrets://<name> or secrets://<name>/<version>, never the address itself',
    },
    readSecretReference,
  ),
  KF_SECRETS: required(
    {
      purpose: 'The store that secrets:// references are read from.',
      expected: 'file:<directory> or gcp:<project id>',
    },
    readSecretSettings,
  ),
  KF_PUBLIC_URL: required(
    {
      purpose: 'The address under which clients reach this process, for links and documents.',
      expected: 'an http or https address without credentials, query or fragment',
    },
    (text) => readUrl(text)?.href.replace(/\/$/, ''),
  ),
  KF_LOG_LEVEL: withDefault(
    { purpose: 'The least severe line that is written.', expected: logLevels.join(', '), default: 'info' },
    oneOf(logLevels),
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(
    {
      purpose: 'The OpenTelemetry collector that spans are sent to by OTLP over HTTP; without it no spans are made.',
      expected: 'an http or https address without credentials, query or fragment',
    },
    (text) => readUrl(text)?.href.replace(/\/$/, ''),
  ),
};
