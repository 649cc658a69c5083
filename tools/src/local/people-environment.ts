import { identityClientId, identitySecretNames } from '../identity/identity-names.ts';
import type { AppName } from './local-apps.ts';
import { secretReference } from './local-secrets.ts';
import type { LocalSettings } from './local-settings.ts';
import { roleSecretName } from './provision.ts';

/** Where people log in: the address by which the embedded provider names itself. */
export function identityIssuerOf(settings: LocalSettings): string {
  return `http://127.0.0.1:${settings.apps.identity.port}`;
}

/** The variables by which the console's API and the embedded identity provider know of one another. */
export function peopleEnvironment(wanted: {
  readonly app: AppName;
  readonly settings: LocalSettings;
  readonly accountsFile: string;
}): Record<string, string> {
  const { app, settings, accountsFile } = wanted;
  const client = {
    KF_OIDC_CLIENT_ID: identityClientId,
    KF_OIDC_CLIENT_SECRET_REF: secretReference(identitySecretNames.client),
  };
  if (app === 'console-api') {
    return {
      ...client,
      KF_OIDC_ISSUER: identityIssuerOf(settings),
      KF_LOGIN_DATABASE_URL_REF: secretReference(roleSecretName('kf_login')),
      KF_SESSION_SEALING_KEY_REF: secretReference(identitySecretNames.sealing),
    };
  }
  if (app !== 'identity') return {};
  return {
    ...client,
    KF_IDENTITY_ACCOUNTS_FILE: accountsFile,
    KF_IDENTITY_REDIRECT_URI: `http://127.0.0.1:${settings.apps['console-api'].port}/login/callback`,
  };
}
