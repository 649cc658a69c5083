/** SQLSTATE classes that speak of the server's state and not of the statement (PostgreSQL appendix A). */
const passingStates = /^(?:08|40|53|55|57|58|25P)/;

/** True when reading failed because the database is away or too busy, so that the same request may work later. */
export function isDatabaseFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (/^[0-9A-Z]{5}$/.test(code)) return passingStates.test(code);
  if (/^E[A-Z]+$/.test(code)) return true;
  // What pg says when a connection is refused by its own pool, dies or stays silent has no code.
  return /connection|timeout|not queryable/i.test(error.message);
}
