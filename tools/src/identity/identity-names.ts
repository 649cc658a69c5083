/** What the embedded identity provider and those who log in through it agree on. */

/** The name under which the console's API is known to the provider. */
export const identityClientId = 'karmanflow-console';

/** Names of secrets of the local environment. */
export const identitySecretNames = {
  client: 'oidc-client-secret',
  /** Private keys as a JWK Set, and the keys that sign the provider's own cookies. */
  keys: 'identity-provider-keys',
  sealing: 'session-sealing-key',
} as const;
