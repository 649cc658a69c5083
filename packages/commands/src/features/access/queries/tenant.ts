import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { defineQuery } from '../../../definition/query.ts';
import { policyToChange } from '../settled-policy.ts';
import { tenantPolicyShape } from '../shapes.ts';
import { controlScope } from './control-rows.ts';

const statuses = ['ACTIVE', 'SUSPENDED'] as const;

export const readTenant = defineQuery({
  type: 'access.tenant',
  summary: 'The tenant itself: its name, its status, and what it has settled about approvals.',
  scope: 'access.tenant:read',
  environment: 'control',
  input: v.strictObject({}),
  output: v.strictObject({
    tenantId: idShape('tenant'),
    name: v.string(),
    status: v.picklist(statuses),
    version: v.number(),
    settings: tenantPolicyShape,
    /** The version to expect when settings are changed; 0 while nothing was ever settled. */
    settingsVersion: v.number(),
  }),
  run: async (_input, ctx) => {
    const scope = controlScope(ctx);
    const { tenant, policy } = await ctx.database.read(ctx.scope, async (db) => ({
      tenant: await db
        .selectFrom('tenants')
        .select(['name', 'status', 'version'])
        .where('tenant_id', '=', scope.tenant_id)
        .where('environment_id', '=', scope.environment_id)
        .executeTakeFirst(),
      policy: await db
        .selectFrom('tenant_policies')
        .select(['settings', 'version'])
        .where('tenant_id', '=', scope.tenant_id)
        .where('environment_id', '=', scope.environment_id)
        .executeTakeFirst(),
    }));
    if (!tenant) return null;
    return {
      tenantId: ctx.tenantId,
      name: tenant.name,
      // The column's CHECK keeps it to these values.
      status: tenant.status as (typeof statuses)[number],
      version: tenant.version,
      settings: policyToChange(policy?.settings ?? null),
      settingsVersion: policy?.version ?? 0,
    };
  },
});
