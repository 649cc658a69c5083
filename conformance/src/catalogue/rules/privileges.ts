import { grantsOf, ownerRole, runtimeRoles, schemaName, type TableName, tableNames, tableOf } from '@karmanflow/schema';
import type { Check } from '../../harness/check.ts';
import { catalogueCheck, compareSets, supposing } from '../catalogue-check.ts';
import type { Privilege } from '../live-catalogue.ts';

const privilegeText = ({ object, column, role, privilege, grantable }: Privilege): string =>
  `${privilege} on ${object}${column === null ? '' : `.${column}`} to ${role}${grantable ? ' with grant option' : ''}`;

function declaredGrants(name: TableName): string[] {
  return grantsOf(name).flatMap(({ role, privilege, columns }) =>
    columns === null
      ? [`${privilege} on ${name} to ${role}`]
      : columns.map((column) => `${privilege} on ${name}.${column} to ${role}`),
  );
}

const grantsExact = catalogueCheck({
  id: 'tenancy.grants-exact',
  claim:
    'Each runtime role has exactly the declared privileges on each table and column; nobody else has any, nobody may pass them on.',
  mechanism: 'pg_class.relacl and pg_attribute.attacl against grantsOf()',
  judge(live, evidence) {
    const ours = live.privileges.filter(
      ({ kind, role, owner }) => (kind === 'table' || kind === 'column') && role !== owner,
    );
    compareSets(evidence, 'grant', { declared: tableNames.flatMap(declaredGrants), live: ours.map(privilegeText) });
  },
  saboteurs: [
    supposing(
      { name: 'TRUNCATE is granted', mentions: 'TRUNCATE on variants to kf_command' },
      'GRANT TRUNCATE ON kf.variants TO kf_command',
    ),
    supposing(
      { name: 'DELETE is granted', mentions: 'DELETE on variants to kf_command' },
      'GRANT DELETE ON kf.variants TO kf_command',
    ),
    supposing(
      { name: 'a table is readable by everyone', mentions: 'SELECT on variants to PUBLIC' },
      'GRANT SELECT ON kf.variants TO PUBLIC',
    ),
    supposing(
      { name: 'a column is readable by everyone', mentions: 'SELECT on variants.sku to PUBLIC' },
      'GRANT SELECT (sku) ON kf.variants TO PUBLIC',
    ),
    supposing(
      { name: 'a fixed column may be updated', mentions: 'UPDATE on variants.tenant_id' },
      'GRANT UPDATE (tenant_id) ON kf.variants TO kf_command',
    ),
    supposing(
      { name: 'a whole table may be updated', mentions: 'UPDATE on variants to kf_command' },
      'GRANT UPDATE ON kf.variants TO kf_command',
    ),
    supposing(
      { name: 'a role may pass its privilege on', mentions: 'with grant option' },
      'GRANT SELECT ON kf.variants TO kf_read WITH GRANT OPTION',
    ),
    supposing(
      { name: 'a role may attach triggers', mentions: 'TRIGGER on variants' },
      'GRANT TRIGGER ON kf.variants TO kf_command',
    ),
    supposing(
      { name: 'secrets become readable by ingest', mentions: 'SELECT on api_keys to kf_ingest' },
      'GRANT SELECT ON kf.api_keys TO kf_ingest',
    ),
    supposing(
      { name: 'a role outside the list gets access', mentions: 'pg_monitor' },
      'GRANT SELECT ON kf.variants TO pg_monitor',
    ),
    supposing(
      { name: 'another role gives positions', mentions: 'INSERT on stream_events to kf_command' },
      'GRANT INSERT ON kf.stream_events TO kf_command',
    ),
    supposing(
      { name: 'the sequencer may take a position back', mentions: 'UPDATE on stream_events.seq to kf_sequencer' },
      'GRANT UPDATE (seq) ON kf.stream_events TO kf_sequencer',
    ),
    supposing(
      { name: 'a declared grant is missing', mentions: 'missing: INSERT on variants' },
      'REVOKE INSERT ON kf.variants FROM kf_command',
    ),
  ],
});

const owned = catalogueCheck({
  id: 'tenancy.owned-by-the-owner',
  claim:
    'Tables, functions, statistics and schemas belong to the owner role, which cannot log in and has given up DELETE and TRUNCATE.',
  mechanism: 'relowner, proowner, stxowner and the owner’s own entries in relacl',
  judge(live, evidence) {
    const owners = [
      ...live.relations.filter(({ schema }) => schema === schemaName).map(({ name, owner }) => ({ name, owner })),
      ...live.routines.filter(({ schema }) => schema === schemaName).map(({ name, owner }) => ({ name, owner })),
      ...live.statistics.map(({ table, owner }) => ({ name: `statistics of ${table}`, owner })),
      ...live.privileges
        .filter(({ kind, object }) => kind === 'schema' && object.startsWith(schemaName))
        .map(({ object, owner }) => ({ name: `schema ${object}`, owner })),
    ];
    for (const { name, owner } of owners) {
      evidence.see('owned things');
      if (owner !== ownerRole) evidence.violation(`${name} belongs to ${owner}`);
    }
    const given = new Set(live.privileges.filter(({ role }) => role === ownerRole).map(privilegeText));
    for (const name of tableNames) {
      if (tableOf(name).kind === 'queue') continue;
      for (const privilege of ['DELETE', 'TRUNCATE']) {
        if (given.has(`${privilege} on ${name} to ${ownerRole}`))
          evidence.violation(`${ownerRole} has ${privilege} on ${name}`);
      }
    }
  },
  saboteurs: [
    supposing(
      { name: 'a runtime role owns a table', mentions: 'variants belongs to kf_command' },
      'GRANT CREATE ON SCHEMA kf TO kf_command',
      'ALTER TABLE kf.variants OWNER TO kf_command',
    ),
    supposing(
      { name: 'a superuser owns a table', mentions: 'variants belongs to' },
      'ALTER TABLE kf.variants OWNER TO CURRENT_USER',
    ),
    supposing(
      { name: 'a superuser owns the refusing function', mentions: 'refuse_change() belongs to' },
      'ALTER FUNCTION kf.refuse_change() OWNER TO CURRENT_USER',
    ),
    supposing(
      { name: 'the owner may delete receipts', mentions: 'kf_owner has DELETE on command_receipts' },
      'GRANT DELETE ON kf.command_receipts TO kf_owner',
    ),
    supposing(
      { name: 'the owner may truncate events', mentions: 'kf_owner has TRUNCATE on domain_events' },
      'GRANT TRUNCATE ON kf.domain_events TO kf_owner',
    ),
  ],
});

const surroundings = catalogueCheck({
  id: 'tenancy.database-closed',
  claim:
    'Runtime roles may connect and use the one schema; PUBLIC may do nothing, nobody may create, and the bookkeeping is out of sight.',
  mechanism: 'datacl and nspacl of every schema',
  judge(live, evidence) {
    // Administrators and backups must connect too; what they may do inside is the other rules' matter.
    const isOurs = (role: string): boolean =>
      role === 'PUBLIC' || [...runtimeRoles, ownerRole].some((name) => name === role);
    const around = live.privileges.filter(
      ({ kind, role, owner, privilege }) =>
        (kind === 'schema' || kind === 'database') && role !== owner && (privilege !== 'CONNECT' || isOurs(role)),
    );
    const database = live.privileges.find(({ kind }) => kind === 'database')?.object ?? '';
    compareSets(evidence, 'privilege', {
      declared: [
        ...runtimeRoles.flatMap((role) => [`USAGE on ${schemaName} to ${role}`, `CONNECT on ${database} to ${role}`]),
        `CONNECT on ${database} to ${ownerRole}`,
        `CREATE on ${database} to ${ownerRole}`,
      ],
      live: around.map(privilegeText),
    });
  },
  saboteurs: [
    supposing(
      { name: 'a runtime role may create tables', mentions: 'CREATE on kf to kf_command' },
      'GRANT CREATE ON SCHEMA kf TO kf_command',
    ),
    supposing(
      { name: 'everyone may use public', mentions: 'USAGE on public to PUBLIC' },
      'GRANT USAGE ON SCHEMA public TO PUBLIC',
    ),
    supposing(
      { name: 'everyone may use the schema', mentions: 'USAGE on kf to PUBLIC' },
      'GRANT USAGE ON SCHEMA kf TO PUBLIC',
    ),
    supposing(
      { name: 'a runtime role sees the bookkeeping', mentions: 'USAGE on kf_migrations' },
      'GRANT USAGE ON SCHEMA kf_migrations TO kf_read',
    ),
    supposing(
      { name: 'everyone may make temporary tables', mentions: 'TEMPORARY on' },
      "DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC', current_database()); END $$",
    ),
  ],
});

const defaults = catalogueCheck({
  id: 'tenancy.no-default-privileges',
  claim: 'A new table is out of everyone’s reach until a grant names it.',
  mechanism: 'pg_default_acl gives nothing to anyone but the owner',
  judge(live, evidence) {
    evidence.see('privileges', live.privileges.length);
    for (const entry of live.privileges) {
      if (entry.kind === 'default' && entry.role !== entry.owner) evidence.violation(`default ${privilegeText(entry)}`);
    }
  },
  saboteurs: [
    supposing(
      { name: 'new tables are readable by default', mentions: 'to kf_read' },
      'ALTER DEFAULT PRIVILEGES FOR ROLE kf_owner IN SCHEMA kf GRANT SELECT ON TABLES TO kf_read',
    ),
    supposing(
      { name: 'new tables of a superuser are open to everyone', mentions: 'to PUBLIC' },
      'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC',
    ),
  ],
});

export const privilegeRules: readonly Check[] = [grantsExact, owned, surroundings, defaults];
