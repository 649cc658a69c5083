import { registry } from '@karmanflow/commands';
import { type RuntimeRole, runtimeRoles } from '@karmanflow/schema';
import { urlOf, withClient } from '@karmanflow/schema/testing';
import { type ChecksOptions, databaseChecks, governedChecks } from './all-checks.ts';
import type { Governed } from './governance/governed.ts';
import type { AnyCheck } from './harness/check.ts';
import { type CheckResult, runChecks, skipChecks } from './harness/run-checks.ts';
import { createScratchDatabase } from './harness/scratch-database.ts';
import { openTarget, type Target } from './harness/target.ts';
import { ingestChecks, type IngestTarget } from './ingest/index.ts';
import { declarationChecks } from './personal-data/index.ts';
import { surfaceChecks } from './surface/index.ts';
import type { Surface } from './surface/surface.ts';
import { tierBoundaryChecks } from './tier-boundaries/index.ts';
import { readRepository } from './tier-boundaries/repository.ts';
import { type DeliveryTarget, webhookDeliveryChecks } from './webhook-delivery/index.ts';
import { seedWorld } from './world/seed-world.ts';

export type RoleUrls = Partial<Readonly<Record<RuntimeRole, string>>>;

export interface AuditOptions extends ChecksOptions {
  /** Null: only what the runtime roles can see is audited, and nothing is tried. */
  readonly adminUrl: string | null;
  readonly roleUrls: RoleUrls;
  /** A running API to ask; null: none is asked. */
  readonly surface?: Surface | null;
  /** An API that is thrown away, whose database may be written to; null: no command is sent that may succeed. */
  readonly governed?: Governed | null;
  /** An ingest that is thrown away; null: no message is sent. */
  readonly ingest?: IngestTarget | null;
  /** A worker that delivers, and is thrown away; null: nothing is delivered. */
  readonly delivery?: DeliveryTarget | null;
  /** The folder of the repository whose sources are read; null: none are. */
  readonly repositoryRoot?: string | null;
  /** Only checks whose id starts with this. */
  readonly only?: string;
}

/**
 * Audits sources, what they declare, an API, and a database: the catalogue as it stands there, behaviour on a throwaway database beside it.
 * Writes nothing into the audited database. Behaviour is tried only with an administrator and the addresses of all runtime
 * roles. What is not given is not applicable.
 */
export async function audit(options: AuditOptions): Promise<readonly CheckResult[]> {
  return [
    ...(await auditRepository(options)),
    ...(await runChecks(wanted(declarationChecks, options.only), () => ({ registry }))),
    ...(await auditSurface(options)),
    ...(await auditGoverned(options)),
    ...(await auditIngest(options)),
    ...(await auditDelivery(options)),
    ...(await auditDatabase({ ...options, only: options.only ?? '' })),
  ];
}

function wanted<Wanted extends AnyCheck>(checks: readonly Wanted[], only: string = ''): readonly Wanted[] {
  return checks.filter(({ id }) => id.startsWith(only));
}

async function auditRepository({ repositoryRoot = null, only }: AuditOptions): Promise<readonly CheckResult[]> {
  const checks = wanted(tierBoundaryChecks, only);
  if (checks.length === 0) return [];
  if (repositoryRoot === null) return skipChecks(checks, 'no repository was given to read');
  const repository = readRepository(repositoryRoot);
  return runChecks(checks, () => repository);
}

async function auditSurface({ surface = null, only }: AuditOptions): Promise<readonly CheckResult[]> {
  const checks = wanted(surfaceChecks, only);
  if (surface === null) return skipChecks(checks, 'no API was given to ask: --url and --key');
  return runChecks(checks, () => surface);
}

async function auditGoverned({ governed = null, only }: AuditOptions): Promise<readonly CheckResult[]> {
  const checks = wanted(governedChecks, only);
  if (governed !== null) return runChecks(checks, () => governed);
  return skipChecks(checks, 'sends commands that leave receipts and approvals for good: only with --throwaway');
}

async function auditIngest({ ingest = null, only }: AuditOptions): Promise<readonly CheckResult[]> {
  const checks = wanted(ingestChecks, only);
  if (ingest !== null) return runChecks(checks, () => ingest);
  return skipChecks(checks, 'sends messages that leave receipts and claims for good: only with --throwaway');
}

async function auditDelivery({ delivery = null, only }: AuditOptions): Promise<readonly CheckResult[]> {
  const checks = wanted(webhookDeliveryChecks, only);
  if (delivery !== null) return runChecks(checks, () => delivery);
  return skipChecks(checks, 'subscribes to events and leaves deliveries for good: only with --throwaway');
}

async function auditDatabase(options: AuditOptions & { readonly only: string }): Promise<readonly CheckResult[]> {
  const { adminUrl, roleUrls, only } = options;
  const checks = wanted(databaseChecks(options), only);
  const hasDatabase = adminUrl !== null || Object.keys(roleUrls).length > 0;
  if (!hasDatabase) return skipChecks(checks, 'no database was given: --database or --roles');
  const audited = openTarget({ adminUrl, roleUrls, world: null });
  try {
    const triesBehaviour = checks.some(({ subject }) => subject === 'behaviour');
    const canTry = runtimeRoles.every((role) => roleUrls[role] !== undefined);
    if (adminUrl === null || !canTry || !triesBehaviour) return await runChecks(checks, () => audited);
    return await withScratch({ adminUrl, roleUrls }, (scratch) =>
      runChecks(checks, (subject) => (subject === 'catalogue' ? audited : scratch)),
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
