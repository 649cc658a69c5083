import { readSecretText, type SecretReference, type SecretStore } from '@karmanflow/runtime';
import type { ConsoleApiConfiguration } from '../configuration.ts';
import { callbackPath, type SessionParts } from './create-sessions.ts';
import { createIdentityProvider } from './identity-provider.ts';
import { sealingKeyBytes } from './sealer.ts';

export interface LoginSettings extends Omit<SessionParts, 'loginDatabase'> {
  /** Address of the role kf_login, with its password. */
  readonly databaseUrl: string;
}

/**
 * What people need to log in, or null when no provider is named. Throws when something that goes with a provider is
 * missing, and outside of the profile local when the provider or this process is reached without TLS.
 */
export async function readLoginSettings(
  configuration: ConsoleApiConfiguration,
  secrets: SecretStore,
): Promise<LoginSettings | null> {
  const { KF_OIDC_ISSUER: issuer, KF_PUBLIC_URL: publicUrl, KF_PROFILE: profile } = configuration;
  if (issuer === null) return null;
  const clientId = needed('KF_OIDC_CLIENT_ID', configuration.KF_OIDC_CLIENT_ID);
  const clientSecretRef = needed('KF_OIDC_CLIENT_SECRET_REF', configuration.KF_OIDC_CLIENT_SECRET_REF);
  const databaseUrlRef = needed('KF_LOGIN_DATABASE_URL_REF', configuration.KF_LOGIN_DATABASE_URL_REF);
  const sealingKeyRef = needed('KF_SESSION_SEALING_KEY_REF', configuration.KF_SESSION_SEALING_KEY_REF);
  const allowsHttp = profile === 'local';
  for (const [name, address] of Object.entries({ KF_OIDC_ISSUER: issuer, KF_PUBLIC_URL: publicUrl })) {
    if (!allowsHttp && !address.startsWith('https:')) {
      throw new Error(`${name} must begin with https: where people log in, outside of the profile local`);
    }
  }
  const now = (): number => Date.now();
  return {
    databaseUrl: await readSecretText(secrets, databaseUrlRef),
    sealingKey: await readSealingKey(secrets, sealingKeyRef),
    identityProvider: createIdentityProvider({
      issuer,
      clientId,
      clientSecret: await readSecretText(secrets, clientSecretRef),
      redirectUri: `${publicUrl}${callbackPath}`,
      allowsHttp,
      now,
    }),
    now,
  };
}

function needed<Value>(name: string, value: Value | null): Value {
  if (value === null) throw new Error(`KF_OIDC_ISSUER is set, so ${name} has to be set as well`);
  return value;
}

async function readSealingKey(secrets: SecretStore, reference: SecretReference): Promise<Uint8Array> {
  const key = Buffer.from(await readSecretText(secrets, reference), 'base64url');
  // Never the content in the message.
  if (key.length !== sealingKeyBytes) throw new Error(`${reference} is not base64url of ${sealingKeyBytes} bytes`);
  return key;
}
