/** The bounds of the witness. */
export const witnessLimits = {
  logs: 256,
  /** A note of the largest size with a proof in front of it (C2SP tlog-witness). */
  requestBytes: 300_000,
  stateFileBytes: 4_096,
  /** Requests about one log at a time: one is decided, the others wait. */
  waitingPerLog: 16,
  idleTimeoutSeconds: 10,
} as const;
