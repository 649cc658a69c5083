export {
  auditBundleLimits,
  type BundlePlan,
  type BundlePorts,
  type BundleRefusal,
  type BundleRequest,
  exportBundle,
  type PlannedBundle,
  planBundle,
  type ProveConsistency,
  type PublishedTrees,
} from './audit-bundle/index.ts';
export {
  type ApprovalTerms,
  type Availability,
  type Capability,
  type CapabilityPlace,
  type CapabilityRuling,
  resolveCapabilities,
} from './capabilities.ts';
export {
  accept,
  type AnyCommand,
  type CommandDefinition,
  type DecisionContext,
  type CommandEnvironment,
  defineCommand,
  type Execution,
  type LoadContext,
  type PausedCommand,
  refuse,
  type StateReader,
  type Verdict,
} from './definition/command.ts';
export {
  type AnyEntity,
  controlRowsWhere,
  defineEntity,
  type EntityDefinition,
  type Load,
  type PastEvent,
  rowsWhere,
} from './definition/entity.ts';
export { pageLimit } from './definition/page.ts';
export { type AnyQuery, defineQuery, type QueryContext, type QueryDefinition } from './definition/query.ts';
export {
  type AnyEvent,
  createRegistry,
  defineFeature,
  type FeatureDefinition,
  type Registry,
} from './definition/registry.ts';
export {
  createExecutor,
  type Executor,
  type ExecutorObserver,
  type ExecutorPorts,
  isWorthRetrying,
} from './executor/executor.ts';
export type { Caller, CommandActor, CommandMetadata } from './executor/metadata.ts';
export type { ApprovalProgress, Outcome, ReceiptStatus, StoredReceipt } from './executor/outcome.ts';
export {
  inputIssuesOf,
  type InputIssue,
  parseCommand,
  type ParsedCommand,
  type ParseResult,
} from './executor/parse-command.ts';
export { callerQuestion, commandEnvironmentOf, scopeOf } from './executor/policy-question.ts';
export { type EntityChange, type Preview, previewCommand, type PreviewOptions } from './executor/preview-command.ts';
export { systemAuthority } from './executor/system-authority.ts';
export * as approval from './features/approval/index.ts';
export * as access from './features/access/index.ts';
export * as allocation from './features/allocation/index.ts';
export * as ingest from './features/ingest/index.ts';
export * as inventory from './features/inventory/index.ts';
export * as platform from './features/platform/index.ts';
export * as reservation from './features/reservation/index.ts';
export * as webhook from './features/webhook/index.ts';
export {
  compareScope,
  compareSnapshot,
  comparisonLimits,
  HistoryNotWhole,
  type SnapshotComparison,
  type SnapshotQuery,
  type TableComparison,
  type TableDifference,
} from './integrity/index.ts';
export { type RebuiltTables, rebuildTables } from './rebuild.ts';
export { registry } from './registry.ts';
