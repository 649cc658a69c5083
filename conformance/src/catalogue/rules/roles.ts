import { ownerRole, runtimeRoles } from '@karmanflow/schema';
import type { Check } from '../../harness/check.ts';
import { catalogueCheck, supposing } from '../catalogue-check.ts';
import type { LiveCatalogue, Role } from '../live-catalogue.ts';

/** A role that nothing uses yet, so that a hypothesis about it waits for nobody. */
const quiet = 'kf_delivery';

const runtimeRolesOf = (live: LiveCatalogue): readonly Role[] =>
  live.roles.filter(({ name }) => runtimeRoles.some((role) => role === name));

const powerless = catalogueCheck({
  id: 'tenancy.roles-powerless',
  claim:
    'No role of the system is a superuser, bypasses row security, creates roles or databases, replicates, or is a member of another role.',
  mechanism: 'pg_roles and pg_auth_members; the owner role cannot log in',
  judge(live, evidence) {
    for (const expected of [...runtimeRoles, ownerRole]) {
      const role = live.roles.find(({ name }) => name === expected);
      if (!role) {
        evidence.violation(`${expected} does not exist`);
        continue;
      }
      evidence.see('roles');
      for (const power of ['super', 'bypass_rls', 'create_role', 'create_db', 'replication'] as const) {
        if (role[power]) evidence.violation(`${expected} has ${power}`);
      }
      if (role.member_of.length > 0) evidence.violation(`${expected} is a member of ${role.member_of.join(', ')}`);
      if (expected === ownerRole && role.login) evidence.violation(`${ownerRole} can log in`);
    }
  },
  saboteurs: [
    supposing({ name: 'a role bypasses row security', mentions: 'bypass_rls' }, `ALTER ROLE ${quiet} BYPASSRLS`),
    supposing({ name: 'a role is a superuser', mentions: 'super' }, `ALTER ROLE ${quiet} SUPERUSER`),
    supposing({ name: 'a role creates roles', mentions: 'create_role' }, `ALTER ROLE ${quiet} CREATEROLE`),
    supposing({ name: 'a role replicates', mentions: 'replication' }, `ALTER ROLE ${quiet} REPLICATION`),
    supposing(
      { name: 'a role is a member of the owner', mentions: `member of ${ownerRole}` },
      `GRANT ${ownerRole} TO ${quiet}`,
    ),
    supposing({ name: 'a role may read all data', mentions: 'pg_read_all_data' }, `GRANT pg_read_all_data TO ${quiet}`),
    supposing({ name: 'the owner can log in', mentions: 'can log in' }, `ALTER ROLE ${ownerRole} LOGIN`),
  ],
});

const ownNothing = catalogueCheck({
  id: 'tenancy.roles-own-nothing',
  claim: 'No runtime role owns anything.',
  mechanism: 'owners of relations, functions, schemas, types, large objects and databases',
  judge(live, evidence) {
    for (const { name, owns } of runtimeRolesOf(live)) {
      evidence.see('roles');
      if (owns.length > 0) evidence.violation(`${name} owns ${owns.slice(0, 5).join(', ')}`);
    }
  },
  saboteurs: [
    supposing(
      { name: 'a runtime role owns a function', mentions: 'refuse_change' },
      'ALTER FUNCTION kf.refuse_change() OWNER TO kf_delivery',
    ),
    supposing(
      { name: 'a runtime role owns a schema', mentions: 'schema public' },
      'ALTER SCHEMA public OWNER TO kf_delivery',
    ),
    supposing(
      { name: 'a runtime role keeps a large object', mentions: 'large object' },
      'GRANT EXECUTE ON FUNCTION pg_catalog.lo_from_bytea(oid, bytea) TO PUBLIC; ' +
        "SET ROLE kf_delivery; SELECT lo_from_bytea(0, 'kept'); RESET ROLE",
    ),
  ],
});

const contextUnforgeable = catalogueCheck({
  id: 'tenancy.context-not-callable',
  claim:
    'No runtime role can change its context from inside an expression, has a context by default, or may set privileged parameters.',
  mechanism: 'EXECUTE on set_config and its like revoked; pg_db_role_setting and pg_parameter_acl hold nothing of ours',
  judge(live, evidence) {
    for (const { name, dangerous_functions, settings } of runtimeRolesOf(live)) {
      evidence.see('roles');
      for (const callable of dangerous_functions) evidence.violation(`${name} may call ${callable}`);
      const fixed = settings.filter((setting) =>
        /^(kf\.|row_security|role|session_replication_role|search_path)/.test(setting),
      );
      for (const setting of fixed) evidence.violation(`${name} starts with ${setting}`);
    }
    for (const { kind, object, role, privilege } of live.privileges) {
      const isOurs = role === 'PUBLIC' || role.startsWith('kf_');
      if (kind === 'parameter' && isOurs)
        evidence.violation(`${privilege} of parameter ${object} is granted to ${role}`);
    }
  },
  saboteurs: [
    supposing(
      { name: 'set_config is open to everyone', mentions: 'set_config' },
      'GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) TO PUBLIC',
    ),
    supposing(
      { name: 'files are readable', mentions: 'pg_read_file' },
      'GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_file(text) TO kf_command',
    ),
    supposing(
      { name: 'a role starts with a tenant', mentions: 'kf.tenant_id' },
      `ALTER ROLE ${quiet} SET kf.tenant_id = '01990000-0000-7000-8000-000000000000'`,
    ),
    supposing(
      { name: 'the database starts with a tenant', mentions: 'kf.tenant_id' },
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET kf.tenant_id = %L', current_database(), 'x'); END $$",
    ),
    supposing(
      { name: 'a role may switch triggers off', mentions: 'session_replication_role' },
      `GRANT SET ON PARAMETER session_replication_role TO ${quiet}`,
    ),
  ],
});

const neutralSettings: Readonly<Record<string, string>> = {
  session_replication_role: 'origin',
  row_security: 'on',
  allow_system_table_mods: 'off',
  'kf.tenant_id': '',
  'kf.environment_id': '',
};

const settingsNeutral = catalogueCheck({
  id: 'tenancy.settings-neutral',
  claim: 'A new session starts without a tenant, with triggers and row security on.',
  mechanism: 'what current_setting() says before anything was set: server, database and role defaults together',
  judge(live, evidence) {
    for (const { name, value } of live.settings) {
      evidence.see('settings');
      if (neutralSettings[name] !== value) evidence.violation(`${name} is "${value}" at the start of a session`);
    }
  },
  saboteurs: [
    supposing(
      { name: 'triggers of foreign keys are off for everyone', mentions: 'session_replication_role is "replica"' },
      'SET LOCAL session_replication_role = replica',
    ),
    supposing(
      { name: 'every session starts in one tenant', mentions: 'kf.tenant_id is' },
      "SET LOCAL kf.tenant_id = '01990000-0000-7000-8000-000000000000'",
    ),
  ],
});

export const roleRules: readonly Check[] = [powerless, ownNothing, contextUnforgeable, settingsNeutral];
