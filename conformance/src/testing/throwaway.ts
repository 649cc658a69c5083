import { randomBytes } from 'node:crypto';
import { runtimeRoles } from '@karmanflow/schema';
import { prepareDatabase } from '@karmanflow/schema/migrations';
import {
  createTestDatabase,
  testClusterUrl,
  type TestDatabase,
  testPasswords,
  urlOf,
  withClient,
} from '@karmanflow/schema/testing';
import { openTarget, type Target } from '../harness/target.ts';
import { seedWorld } from '../world/seed-world.ts';
import type { World } from '../world/world.ts';

export interface Clone {
  readonly target: Target;
  drop(): Promise<void>;
}

/** A migrated and seeded database that nobody connects to, so that it can be cloned again and again. */
export interface SeededDatabase {
  clone(): Promise<Clone>;
  drop(): Promise<void>;
}

export async function createSeededDatabase(seed: string): Promise<SeededDatabase> {
  const source = await createTestDatabase();
  const world = await withClient(source.adminUrl, (admin) => seedWorld(admin, seed));
  return { clone: () => cloneOf(source, world), drop: () => source.drop() };
}

async function cloneOf(source: TestDatabase, world: World): Promise<Clone> {
  const cluster = testClusterUrl();
  const name = `kf_clone_${randomBytes(6).toString('hex')}`;
  await withClient(cluster, (admin) =>
    admin.query(`CREATE DATABASE ${name} TEMPLATE ${source.name} STRATEGY FILE_COPY`),
  );
  const adminUrl = urlOf(cluster, { database: name });
  // Privileges on the database itself are not cloned.
  await withClient(adminUrl, prepareDatabase);
  const roleUrls = Object.fromEntries(
    runtimeRoles.map((role) => [role, urlOf(adminUrl, { user: role, password: testPasswords[role] })]),
  );
  const target = openTarget({ adminUrl, roleUrls, world });
  return {
    target,
    async drop() {
      await target.close();
      await withClient(cluster, (admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}
