import type { Grant, Table } from './definition.ts';

/** Who may do what, in the few combinations that the tables use. */

/** What the operator's API reads and writes. */
export const operatorWrites: Grant = {
  read: ['kf_command', 'kf_read'],
  insert: ['kf_command'],
  update: ['kf_command'],
};

/** Master data: written by the operator's API, looked up by ingest. */
export const catalogue: Grant = {
  read: ['kf_command', 'kf_read', 'kf_ingest'],
  insert: ['kf_command'],
  update: ['kf_command'],
};

/** What every process writes that runs commands, whatever they are. */
export const everyExecutor = {
  read: ['kf_command', 'kf_read', 'kf_ingest', 'kf_worker'],
  insert: ['kf_command', 'kf_ingest', 'kf_worker'],
} as const satisfies Grant;

export const everyExecutorUpdates: Grant = { ...everyExecutor, update: ['kf_command', 'kf_ingest', 'kf_worker'] };

/** What people decide and the worker carries out in parts. */
export const carriedOut = {
  read: ['kf_command', 'kf_read', 'kf_worker'],
  // A row that changes goes through INSERT … ON CONFLICT, so who updates it inserts it too.
  insert: ['kf_command', 'kf_worker'],
  update: ['kf_command', 'kf_worker'],
} as const satisfies Grant;

/** Keeps the literal types of a table, from which the types of its rows follow. */
export function define<const T extends Table>(table: T): T {
  return table;
}

export const hash32 = (name: string): string => `octet_length(${name}) = 32`;
