/** The bounds of sequencing. */
export const sequenceLimits = {
  /** Transactions that one round looks at; each brings at most a batch of receipts. */
  transactionsPerRound: 1_000,
  /** After so many receipts a round takes no further transaction. */
  receiptsPerRound: 4_000,
  /** Tenants whose logs one checkpoint of the log of logs covers. */
  tenantsPerDecision: 200,
  /** Leaves by which a tenant's log grows from one checkpoint to the next; what is beyond waits for the one after. */
  leavesPerRoot: 1_024,
  /** Tenants that one page of a search for unpublished logs looks at. */
  tenantsPerPage: 2_000,
  /** A leader that sends nothing for so long loses its session, and with it the lock. It sends something every round. */
  leaderSilenceMilliseconds: 3_000,
  /** Positions that one page of the stream spans. */
  pagePositions: 1_000,
  /** Event types that a filter may name. */
  filterTypes: 64,
} as const;
