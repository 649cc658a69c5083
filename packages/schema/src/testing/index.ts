export {
  createEmptyDatabase,
  createTestDatabase,
  type TestDatabase,
  testClusterUrl,
  testPasswords,
  urlOf,
  withClient,
} from './test-database.ts';
