import { codeShape, idShape, limits } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { environment } from '../entities/environment.ts';
import { tenant } from '../entities/tenant.ts';
import { environmentCreated } from '../events.ts';

export const createEnvironment = defineCommand({
  type: 'access.create_environment',
  version: 1,
  summary: 'Adds an environment to the tenant.',
  risk: 'R3',
  scope: 'access.environment:create',
  environment: 'control',
  actorTypes: ['USER'],
  input: v.strictObject({ name: codeShape, kind: v.picklist(['SANDBOX', 'PRODUCTION']) }),
  output: v.strictObject({ environmentId: idShape('environment') }),
  refusals: ['code_taken', 'environment_limit_reached'],
  // The tenant's own row first: whoever adds an environment waits there, and then sees what others have added.
  load: ({ name }, { tenantId }) => [
    rowsWhere(tenant, { id: tenantId }),
    rowsWhere(environment, { status: 'ACTIVE' }),
    rowsWhere(environment, { name }),
  ],
  decide: (state, { name, kind }, ctx) => {
    if (state.get(environment, { name })) return refuse('code_taken', { code: name });
    const active = state.list(environment, { status: 'ACTIVE' }).filter((one) => one.kind !== 'CONTROL');
    if (active.length >= limits.environmentsPerTenant) {
      return refuse('environment_limit_reached', { atMost: limits.environmentsPerTenant });
    }
    const environmentId = ctx.newId('environment');
    return accept({ events: [environmentCreated.of({ environmentId, name, kind })], response: { environmentId } });
  },
});
