export { describeSchema } from './describe-schema.ts';
export { latestMigration, type Migration, migrations } from './list.ts';
export { migrate, type MigrationReport } from './migrate.ts';
export { type DatabasePreparation, ensureRoles, prepareDatabase, type RolePasswords } from './roles.ts';
