/** The bounds of the integrity check. */
export const integrityLimits = {
  /** The hour of the day, UTC, at which it begins: when least is going on. */
  hourUtc: 3,
  /** Findings of one run that are kept; what is beyond is counted. */
  findingsMax: 500,
  /** Receipts of one environment that are looked for in the log and not there. */
  unloggedMax: 100,
  /** Connections of its own, as kf_read. */
  connections: 2,
  /** How often it is looked whether the time has come. */
  lookMilliseconds: 60_000,
  /** Findings of one run that are written into the log line by line. */
  findingsLogged: 20,
} as const;
