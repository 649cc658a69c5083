export { approval, approvalRequested, governance } from './approvals.ts';
export {
  accept,
  type AnyCommand,
  type CommandDefinition,
  type DecisionContext,
  defineCommand,
  refuse,
  type StateReader,
  type Verdict,
} from './definition/command.ts';
export {
  type AnyEntity,
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
export type { Outcome, ReceiptStatus, StoredReceipt } from './executor/outcome.ts';
export {
  inputIssuesOf,
  type InputIssue,
  parseCommand,
  type ParsedCommand,
  type ParseResult,
} from './executor/parse-command.ts';
export * as access from './features/access/index.ts';
export * as inventory from './features/inventory/index.ts';
export * as reservation from './features/reservation/index.ts';
export { type RebuiltTables, rebuildTables } from './rebuild.ts';
export { registry } from './registry.ts';
