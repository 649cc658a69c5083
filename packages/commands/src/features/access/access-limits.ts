/** Bounds of this feature. */
export const accessLimits = {
  sessionSecondsMax: 24 * 60 * 60,
  keyOverlapSecondsMax: 24 * 60 * 60,
  /** Grants that one principal ever had: all of them are looked at wherever one of them counts. */
  grantsPerPrincipal: 256,
  /** Grants of the role administrator that a tenant ever had: the guard of the last one reads them all. */
  administratorGrants: 1_000,
  identitiesPerPrincipal: 16,
  /** Of an identity's hash, what is shown and what is enough to name it. */
  identityHashShownCharacters: 16,
  /** How far ahead keys and grants may end. */
  endSecondsMax: 5 * 366 * 24 * 60 * 60,
} as const;
