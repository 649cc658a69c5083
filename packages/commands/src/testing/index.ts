export { compareTablesWithEvents, type TableComparison, type TableDifference } from './compare-tables.ts';
export { countingUuids, given, type Scenario } from './given-when-then.ts';
export { type HistoryProof, proveHistory } from './prove-history.ts';
export { asBulkRunner, runUnapproved } from './run-unapproved.ts';
export {
  createTestWorld,
  execute,
  metadataFor,
  processPorts,
  responseOf,
  type RunOptions,
  type TestTenant,
  type TestWorld,
} from './test-tenant.ts';
