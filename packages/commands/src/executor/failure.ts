/**
 * What a failed transaction allows. Decided by SQLSTATE (PostgreSQL appendix A), or by its absence, which means that the
 * connection and not the server spoke.
 */
export type Failure =
  /** A neighbour in the database was faster: look again at once. */
  | 'conflict'
  /** The database is busy, restarting or gone: try again after a pause. */
  | 'transient'
  /** Something in the batch itself: find out which command. */
  | 'permanent';

const conflictStates = new Set(['23505', '40001', '40P01']);
const transientStates = new Set(['55P03', '57014', '25P03', '25P04', '53100', '53200', '53300', '53400', '58030']);

export function sqlStateOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null;
  // Codes of the operating system, such as EPIPE, have five letters too; no SQLSTATE begins with E.
  return /^(?!E)[0-9A-Z]{5}$/.test(error.code) ? error.code : null;
}

/** What `pg` says when the connection and not the server failed. Anchored: a bug may speak of closed things as well. */
const connectionMessages =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|Query read timeout|timeout exceeded when trying to connect|timeout expired|the transaction was rolled back by the server)/;

/** True when the connection broke or timed out, so that the fate of what was sent is not known. */
export function isConnectionLoss(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state !== null) return state.startsWith('08') || state.startsWith('57P');
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  // Errors of the operating system have no underscore; those of the runtime that are bugs begin with ERR_.
  return /^E[A-Z]+$/.test(code) || connectionMessages.test(error.message);
}

export function classifyFailure(error: unknown): Failure {
  if (isConnectionLoss(error)) return 'transient';
  const state = sqlStateOf(error);
  if (state === null) return 'permanent';
  if (conflictStates.has(state)) return 'conflict';
  return transientStates.has(state) ? 'transient' : 'permanent';
}

export function isUniqueViolation(error: unknown): boolean {
  return sqlStateOf(error) === '23505';
}

/** The idempotency key is taken by a receipt that this environment cannot see. */
export function isKeyTakenElsewhere(error: unknown): boolean {
  return (
    isUniqueViolation(error) &&
    error instanceof Error &&
    'constraint' in error &&
    error.constraint === 'command_receipts_command_type_idempotency_key_hash_key'
  );
}
