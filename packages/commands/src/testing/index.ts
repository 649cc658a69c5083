export { countingUuids, given, type Scenario } from './given-when-then.ts';
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
