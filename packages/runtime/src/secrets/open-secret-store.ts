import type { SecretSettings } from '../configuration/shared-variables.ts';
import { cacheSecrets } from './cache-secrets.ts';
import { createFileSecretStore } from './file-secret-store.ts';
import { createGoogleSecretStore } from './google-secret-store.ts';
import type { SecretStore } from './secret-store.ts';

/** The store that KF_SECRETS names, with a cache in front of it. */
export function openSecretStore(settings: SecretSettings, options: { readonly ttlMilliseconds: number }): SecretStore {
  const store =
    settings.kind === 'file'
      ? createFileSecretStore({ directory: settings.directory })
      : createGoogleSecretStore({ projectId: settings.projectId });
  return cacheSecrets(store, { ttlMilliseconds: options.ttlMilliseconds, now: () => performance.now() });
}
