/** Every bound of logging in and of sessions. */
export const sessionLimits = {
  /** From GET /login to the return of the browser. */
  transactionSeconds: 10 * 60,
  /** From the login, whatever happens: picking another environment does not begin it anew. */
  sessionSeconds: 8 * 60 * 60,
  idleSeconds: 30 * 60,
  seenRenewalSeconds: 60,
  /** From the login to the pick of an environment, where there are several. */
  pickSeconds: 10 * 60,
  /** How long ago somebody may have logged in at the provider for that login to count here. */
  loginMaxAgeSeconds: 60 * 60,
  clockToleranceSeconds: 30,
  tenants: 50,
  tenantsAtOnce: 4,
  environmentsPerTenant: 64,
  grantsPerPrincipal: 256,
  returnToCharacters: 512,
  subjectCharacters: 255,
  cookieHeaderCharacters: 16 * 1024,
  sealedCharacters: 3 * 1024,
  providerDeadlineSeconds: 5,
  /** How long what discovery found out about the provider is relied on. */
  discoverySeconds: 60 * 60,
  loginConnections: 2,
} as const;
