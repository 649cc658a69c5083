export const pollLimits = {
  /** Of one page, bodies together; there is always one message at least. */
  pageBytes: 1024 * 1024,
  /** Deliveries of one state that are looked at for the report of what push has not delivered. */
  undeliveredPerState: 200,
  keysMaxAgeSeconds: 300,
} as const;
