import { type RuntimeRole, runtimeRoles } from '@karmanflow/schema';
import { urlOf, withClient } from '@karmanflow/schema/testing';
import { allChecks, type ChecksOptions } from './all-checks.ts';
import { type CheckResult, runChecks } from './harness/run-checks.ts';
import { createScratchDatabase } from './harness/scratch-database.ts';
import { openTarget, type Target } from './harness/target.ts';
import { seedWorld } from './world/seed-world.ts';

export type RoleUrls = Partial<Readonly<Record<RuntimeRole, string>>>;

export interface AuditOptions extends ChecksOptions {
  /** Null: only what the runtime roles can see is audited, and nothing is tried. */
  readonly adminUrl: string | null;
  readonly roleUrls: RoleUrls;
  /** Only checks whose id starts with this. */
  readonly only?: string;
}

/**
 * Audits a database: the catalogue as it stands there, behaviour on a throwaway database beside it. Writes nothing into the
 * audited database. Behaviour is tried only with an administrator and the addresses of all runtime roles.
 */
export async function audit(options: AuditOptions): Promise<readonly CheckResult[]> {
  const { adminUrl, roleUrls, only = '' } = options;
  const checks = allChecks(options).filter(({ id }) => id.startsWith(only));
  const audited = openTarget({ adminUrl, roleUrls, world: null });
  try {
    const triesBehaviour = checks.some(({ subject }) => subject === 'behaviour');
    const canTry = runtimeRoles.every((role) => roleUrls[role] !== undefined);
    if (adminUrl === null || !canTry || !triesBehaviour) {
      return await runChecks(checks, { catalogue: audited, behaviour: audited });
    }
    return await withScratch({ adminUrl, roleUrls }, (scratch) =>
      runChecks(checks, { catalogue: audited, behaviour: scratch }),
    );
  } finally {
    await audited.close();
  }
}

async function withScratch<T>(
  { adminUrl, roleUrls }: { adminUrl: string; roleUrls: RoleUrls },
  work: (target: Target) => Promise<T>,
): Promise<T> {
  const scratch = await createScratchDatabase(adminUrl);
  try {
    const world = await withClient(scratch.adminUrl, (admin) => seedWorld(admin, scratch.name));
    const scratchUrls = Object.fromEntries(
      Object.entries(roleUrls).map(([role, url]) => [role, urlOf(url, { database: scratch.name })]),
    );
    const target = openTarget({ adminUrl: scratch.adminUrl, roleUrls: scratchUrls, world });
    try {
      return await work(target);
    } finally {
      await target.close();
    }
  } finally {
    await scratch.drop();
  }
}
