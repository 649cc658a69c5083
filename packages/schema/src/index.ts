export { type BootExpectation, type BootFinding, checkBoot } from './database/boot-guard.ts';
export { type Database, type DatabaseOptions, openDatabase, scopeStatements } from './database/open-database.ts';
export { parseBigint, parseTimestamp, valueParsers } from './database/value-parsers.ts';
export {
  type ErrorCode,
  type ErrorEntry,
  errorCatalogue,
  isErrorCode,
  type RefusalCode,
  type TransportErrorCode,
} from './errors.ts';
export {
  controlEnvironmentOf,
  type Id,
  type IdKind,
  idPrefixes,
  isId,
  isUuid,
  newId,
  type Scope,
  toId,
  toUuid,
  type UuidSource,
} from './ids.ts';
export { type Limits, limits } from './limits.ts';
export {
  amountShape,
  codeShape,
  deltaShape,
  idempotencyKeyShape,
  idShape,
  nameShape,
  quantityShape,
  reasonShape,
  textShape,
  timestampShape,
  versionShape,
} from './shapes.ts';
export {
  type Column,
  ownerRole,
  type RuntimeRole,
  runtimeRoles,
  schemaName,
  type SqlType,
  type Table,
  type TableKind,
} from './tables/definition.ts';
export {
  checksOf,
  expiryPredicate,
  type ExpectedGrant,
  type ExpectedPolicy,
  grantsOf,
  policiesOf,
  referencesOf,
  refusedStatementsOf,
  scopePredicate,
  writePredicate,
} from './tables/discipline.ts';
export {
  columnsOf,
  type DatabaseTables,
  type Row,
  type TableName,
  tableNames,
  tableOf,
  tables,
} from './tables/registry.ts';
