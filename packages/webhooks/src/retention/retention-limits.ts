/** Every bound of the removal of history. */
export const retentionLimits = {
  /** Subscriptions that one look takes up; those of all tenants among them take turns. */
  placesMax: 10_000,
  /** Deliveries that one piece looks at, whether they may go or not. */
  pieceDeliveries: 500,
  /** Attempts that one piece removes, but for a single delivery that had more. */
  pieceAttempts: 5_000,
} as const;
