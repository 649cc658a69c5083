import { access, type Caller, ingest } from '@karmanflow/commands';
import { roles } from '@karmanflow/policy';
import { controlEnvironmentOf, type Database, type Id, toId, toUuid } from '@karmanflow/schema';
import { ingestLimits } from './ingest-limits.ts';
import { schemeOf, type SourceLimits, type SourceScheme } from './source-preset.ts';

export interface IngestAddress {
  readonly tenantId: Id<'tenant'>;
  readonly ingestSourceId: Id<'ingestSource'>;
}

/** A live source: how its messages are verified, and as whom they act. */
export interface IngestSource {
  readonly ingestSourceId: Id<'ingestSource'>;
  readonly scheme: SourceScheme;
  readonly limits: SourceLimits;
  /** References into the secret store, never secrets. Messages may be signed with any of them. */
  readonly secretRefs: readonly string[];
  /** What its messages become; null: nobody has said so. */
  readonly mapping: ingest.Mapping | null;
  readonly caller: Caller;
}

/** Why nothing is accepted at an address. For the log alone: senders cannot tell these apart. */
export type NoSource =
  | 'source_unknown'
  | 'source_paused'
  | 'tenant_not_active'
  | 'principal_not_active'
  | 'principal_not_connector'
  /** Too many ask for addresses at which nobody is known: nobody was looked for. Told apart, since it says nothing of the address. */
  | 'look_ups_limited'
  /** What is stored of it is not what this build can use: our own failure, which a sender is told. */
  | 'source_unusable';

export type SourceResult =
  | { readonly ok: true; readonly source: IngestSource }
  | { readonly ok: false; readonly reason: NoSource };

export interface SourceDirectory {
  /** The source at an address, when it may be used now. Throws when the database does not answer. */
  find(address: IngestAddress): Promise<SourceResult>;
}

export interface SourceDirectoryPorts {
  readonly database: Database;
  /** Wall clock in milliseconds since the epoch: role grants begin and end. */
  readonly now: () => number;
  /** A clock that never goes back, for the age of what is kept. */
  readonly monotonicNow: () => number;
  /** Whether an address may be looked up at which nobody is known: whoever makes addresses up must not keep others waiting. */
  readonly mayLookUp: () => boolean;
}

/**
 * Finds sources. Answers, also that there is none, are kept for half a second and shared by those who ask meanwhile, so
 * that a source that is paused stops within a second and a busy one costs two look-ups a second. Addresses at which somebody
 * was found are always looked up, others as long as there are not too many.
 */
export function createSourceDirectory(ports: SourceDirectoryPorts): SourceDirectory {
  const known = new Map<string, { until: number; source: Promise<SourceResult>; wasFound: boolean }>();
  return {
    find(address) {
      const name = `${address.tenantId} ${address.ingestSourceId}`;
      const now = ports.monotonicNow();
      const kept = known.get(name);
      if (kept && now < kept.until) return kept.source;
      const wasFound = kept?.wasFound === true;
      if (!wasFound && !ports.mayLookUp()) return Promise.resolve({ ok: false, reason: 'look_ups_limited' });
      const source = lookUp(ports, address);
      const entry = { until: now + ingestLimits.sourceCacheMilliseconds, source, wasFound };
      known.delete(name);
      known.set(name, entry);
      // A look-up that failed says nothing about the source.
      source.then(
        ({ ok }) => void (entry.wasFound = ok),
        () => void (entry.until = -Infinity),
      );
      for (const oldest of known.keys()) {
        if (known.size <= ingestLimits.sourceCacheEntries) break;
        known.delete(oldest);
      }
      return source;
    },
  };
}

async function lookUp({ database, now }: SourceDirectoryPorts, address: IngestAddress): Promise<SourceResult> {
  const { tenantId, ingestSourceId } = address;
  const control = toUuid(tenantId);
  const sourceId = toUuid(ingestSourceId);
  const scope = { tenantId, environmentId: controlEnvironmentOf(tenantId) };
  const [source, grants, tenantPolicy] = await database.read(scope, (db) =>
    Promise.all([
      db
        .selectFrom('ingest_sources as s')
        .innerJoin('principals as p', (join) =>
          join
            .onRef('p.tenant_id', '=', 's.tenant_id')
            .onRef('p.environment_id', '=', 's.environment_id')
            .onRef('p.id', '=', 's.principal_id'),
        )
        .innerJoin('environments as e', (join) =>
          join
            .onRef('e.tenant_id', '=', 's.tenant_id')
            .onRef('e.environment_id', '=', 's.environment_id')
            .onRef('e.id', '=', 's.target_environment_id'),
        )
        .innerJoin('tenants as t', (join) =>
          join.onRef('t.tenant_id', '=', 's.tenant_id').onRef('t.environment_id', '=', 's.environment_id'),
        )
        .leftJoin('ingest_mappings as m', (join) =>
          join
            .onRef('m.tenant_id', '=', 's.tenant_id')
            .onRef('m.environment_id', '=', 's.environment_id')
            .onRef('m.ingest_source_id', '=', 's.id')
            .onRef('m.revision', '=', 's.mapping_revision'),
        )
        .where('s.tenant_id', '=', control)
        .where('s.environment_id', '=', control)
        .where('s.id', '=', sourceId)
        .select(['s.preset', 's.secret_refs', 's.tolerance_seconds', 's.status', 's.principal_id'])
        .select(['s.settings', 'm.document'])
        .select(['p.type as actor_type', 'p.owner_id', 'p.status as principal_status'])
        .select(['e.id as environment', 'e.kind', 'e.status as environment_status', 't.status as tenant_status'])
        .executeTakeFirst(),
      // Not by the id that the first query finds: both are asked at once, also for a source that does not exist.
      db
        .selectFrom('role_grants as g')
        .innerJoin('ingest_sources as s', (join) =>
          join
            .onRef('s.tenant_id', '=', 'g.tenant_id')
            .onRef('s.environment_id', '=', 'g.environment_id')
            .onRef('s.principal_id', '=', 'g.principal_id'),
        )
        .where('s.tenant_id', '=', control)
        .where('s.environment_id', '=', control)
        .where('s.id', '=', sourceId)
        .select(['g.role', 'g.target_environment_id', 'g.valid_from', 'g.valid_until', 'g.revoked_at'])
        .limit(ingestLimits.roleGrantsPerPrincipal)
        .execute(),
      access.readTenantPolicy(db, control),
    ]),
  );
  if (!source) return { ok: false, reason: 'source_unknown' };
  if (source.status !== 'ACTIVE') return { ok: false, reason: 'source_paused' };
  if (source.tenant_status !== 'ACTIVE') return { ok: false, reason: 'tenant_not_active' };
  if (source.principal_status !== 'ACTIVE') return { ok: false, reason: 'principal_not_active' };
  if (source.actor_type !== 'CONNECTOR') return { ok: false, reason: 'principal_not_connector' };
  const authority = access.authorityOf({
    actorType: 'CONNECTOR',
    grants: grants.map((grant) => ({
      role: grant.role,
      environmentId: grant.target_environment_id,
      validFrom: grant.valid_from,
      validUntil: grant.valid_until,
      revokedAt: grant.revoked_at,
    })),
    ownerGrants: null,
    // A source carries what a connector may do, whatever else its principal was granted.
    credentialScopes: roles.connector,
    // What a partner cancels pauses like anybody's R2.
    riskCeiling: 'R2',
    environmentId: source.environment,
    controlEnvironmentId: control,
    now: new Date(now()).toISOString(),
  });
  const caller: Caller = {
    tenantId,
    environmentId: toId('environment', source.environment),
    // The columns' CHECKs keep these to the values of their types.
    environment: {
      kind: source.kind as Caller['environment']['kind'],
      status: source.environment_status as Caller['environment']['status'],
    },
    actor: {
      type: 'CONNECTOR',
      id: toId('principal', source.principal_id),
      onBehalfOf: source.owner_id === null ? null : toId('principal', source.owner_id),
    },
    credential: { type: 'ingest_source', id: ingestSourceId },
    ...authority,
    loginAgeSeconds: null,
    tenantPolicy,
  };
  const { preset, settings, secret_refs: secretRefs, tolerance_seconds: toleranceSeconds, document } = source;
  const stored = schemeOf({ preset, settings, toleranceSeconds, address: access.formatIngestAddress(address) });
  const mapping = mappingFrom(document === null ? ingest.ownMappingOf(preset) : JSON.parse(document));
  if (stored === null || mapping === undefined) return { ok: false, reason: 'source_unusable' };
  return { ok: true, source: { ingestSourceId, ...stored, secretRefs, mapping, caller } };
}

/** Null: nobody has said what the messages become. Undefined: what was said cannot be read. */
function mappingFrom(document: unknown): ingest.Mapping | null | undefined {
  if (document === undefined) return null;
  const parsed = ingest.parseMapping(document);
  return parsed.ok ? parsed.mapping : undefined;
}
