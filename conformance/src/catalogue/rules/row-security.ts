import { policiesOf, schemaName, scopePredicate, type TableName, tableNames } from '@karmanflow/schema';
import type { Check } from '../../harness/check.ts';
import { catalogueCheck, compareSets, conditionCheck, supposing } from '../catalogue-check.ts';
import type { NormalForms } from '../normal-forms.ts';

const forced = catalogueCheck({
  id: 'tenancy.row-security-forced',
  claim: 'Row-level security is enabled and forced on every table, so that it binds the owner too.',
  mechanism: 'pg_class.relrowsecurity and relforcerowsecurity of every table that exists',
  judge(live, evidence) {
    for (const { schema, kind, name, row_security, forced: isForced } of live.relations) {
      if (schema !== schemaName || !'rpf'.includes(kind)) continue;
      evidence.see('tables');
      if (!row_security) evidence.violation(`${name}: row security is not enabled`);
      if (!isForced) evidence.violation(`${name}: row security is not forced`);
    }
  },
  saboteurs: [
    supposing(
      { name: 'row security is disabled', mentions: 'variants: row security is not enabled' },
      'ALTER TABLE kf.variants DISABLE ROW LEVEL SECURITY',
    ),
    supposing(
      { name: 'row security is not forced', mentions: 'variants: row security is not forced' },
      'ALTER TABLE kf.variants NO FORCE ROW LEVEL SECURITY',
    ),
    supposing(
      { name: 'a new table has none', mentions: 'notes' },
      'CREATE TABLE kf.notes (tenant_id uuid, environment_id uuid)',
    ),
  ],
});

interface PolicyText {
  readonly table: string;
  readonly name: string;
  readonly command: string;
  readonly roles: readonly string[];
  readonly using: string | null;
  readonly check: string | null;
}

/** pg_policies prints a condition without the parentheses that pg_get_expr of a constraint may add, or with them. */
const policyText = ({ table, name, command, roles, using, check }: PolicyText): string =>
  `${name} on ${table} for ${command} to ${roles.join(', ')} using ${using ?? 'nothing'} with check ${check ?? 'nothing'}`;

function declaredPolicies(table: TableName, normal: NormalForms): string[] {
  const form = (condition: string | null): string | null => (condition === null ? null : normal(table, condition));
  return policiesOf(table).map((policy) =>
    policyText({ table, ...policy, using: form(policy.using), check: form(policy.check) }),
  );
}

const variantsScope = `USING (${scopePredicate})`;

const policiesExact = conditionCheck({
  id: 'tenancy.policies-exact',
  claim:
    'Each table has exactly the declared policies: permissive, one for each verb, the whole predicate in each, no delete policy but a queue’s drain and the expiry of history.',
  mechanism:
    'pg_policies against policiesOf(), both as Postgres prints them; a restrictive policy, a sub-select or a missing NULLIF differs',
  judge(live, evidence, normal) {
    compareSets(evidence, 'policy', {
      declared: tableNames.flatMap((name) => declaredPolicies(name, normal)),
      live: live.policies.map(policyText),
    });
    for (const { table, name, permissive } of live.policies) {
      if (!permissive) evidence.violation(`${name} on ${table} is restrictive, which Citus drops`);
    }
  },
  saboteurs: [
    supposing(
      { name: 'a policy is dropped', mentions: 'missing: scope_update on variants' },
      'DROP POLICY scope_update ON kf.variants',
    ),
    supposing(
      { name: 'a policy shows every row', mentions: 'scope_select on variants' },
      'ALTER POLICY scope_select ON kf.variants USING (true)',
    ),
    supposing(
      { name: 'a policy lets any row be written', mentions: 'scope_insert on variants' },
      'ALTER POLICY scope_insert ON kf.variants WITH CHECK (true)',
    ),
    supposing(
      { name: 'an update may leave the scope', mentions: 'scope_update on variants' },
      'ALTER POLICY scope_update ON kf.variants WITH CHECK (true)',
    ),
    supposing(
      { name: 'a policy is made restrictive', mentions: 'restrictive' },
      'DROP POLICY scope_select ON kf.variants',
      `CREATE POLICY scope_select ON kf.variants AS RESTRICTIVE FOR SELECT ${variantsScope}`,
    ),
    supposing(
      { name: 'a policy forgets the environment', mentions: 'scope_select on variants' },
      "ALTER POLICY scope_select ON kf.variants USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid)",
    ),
    supposing(
      { name: 'a policy forgets NULLIF', mentions: 'scope_select on variants' },
      "ALTER POLICY scope_select ON kf.variants USING (tenant_id = current_setting('kf.tenant_id', true)::uuid and environment_id = current_setting('kf.environment_id', true)::uuid)",
    ),
    supposing(
      { name: 'a policy wraps the setting in a sub-select', mentions: 'scope_select on variants' },
      "ALTER POLICY scope_select ON kf.variants USING (tenant_id = (select nullif(current_setting('kf.tenant_id', true), '')::uuid) and environment_id = (select nullif(current_setting('kf.environment_id', true), '')::uuid))",
    ),
    supposing(
      { name: 'an insert no longer needs the transaction of its receipt', mentions: 'scope_insert on variants' },
      `ALTER POLICY scope_insert ON kf.variants WITH CHECK (${scopePredicate})`,
    ),
    supposing(
      { name: 'a delete policy appears', mentions: 'scope_delete on variants' },
      `CREATE POLICY scope_delete ON kf.variants FOR DELETE ${variantsScope}`,
    ),
    supposing(
      { name: 'history expires at once', mentions: 'expiry_delete on webhook_deliveries' },
      `ALTER POLICY expiry_delete ON kf.webhook_deliveries USING (${scopePredicate})`,
    ),
    supposing(
      { name: 'a second policy is added for one role', mentions: 'reports on variants' },
      'CREATE POLICY reports ON kf.variants FOR SELECT TO kf_read USING (true)',
    ),
    supposing(
      { name: 'everyone sees the log of every tenant', mentions: 'overview_select on log_leaves' },
      'ALTER POLICY overview_select ON kf.log_leaves TO PUBLIC',
    ),
    supposing(
      { name: 'the sequencer sees every receipt', mentions: 'overview_select on command_receipts' },
      'CREATE POLICY overview_select ON kf.command_receipts FOR SELECT TO kf_sequencer USING (true)',
    ),
    supposing(
      { name: 'a drain is open to everyone', mentions: 'drain_select on expiry_schedule' },
      'ALTER POLICY drain_select ON kf.expiry_schedule TO PUBLIC',
    ),
  ],
});

export const rowSecurityRules: readonly Check[] = [forced, policiesExact];
