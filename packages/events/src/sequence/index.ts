export type { PendingReceipt } from './assign-positions.ts';
export { type Answer, type Connection, sendAll, type Statement } from './connection.ts';
export { decideRoots } from './decide-roots.ts';
export { type DrainOptions, drainQueue, type DrainRound } from './drain-queue.ts';
export { fencedTransaction, type Send } from './fenced-transaction.ts';
export {
  type DecidedRoot,
  type LogExtent,
  type LogTree,
  type LogTrees,
  readExtents,
  readOpenDecision,
  type RootDecision,
} from './log-state.ts';
export type { ReadReceipt, ReceiptEntry } from './pending-work.ts';
export { type Backlog, readBacklog } from './read-backlog.ts';
export { readEntries } from './read-entries.ts';
export { readReceiptEvents } from './read-receipt-events.ts';
export { recordCheckpoints, type SignedCheckpoint } from './record-checkpoints.ts';
export { sequenceLimits } from './sequence-limits.ts';
export { enter, lead, platformScope, platformTenantId, type Term, TermEnded } from './term.ts';
