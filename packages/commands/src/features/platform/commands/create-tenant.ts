import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { bootstrapRequestShape, unknownCommandTypes } from '../../access/index.ts';
import { tenantRequested } from '../events.ts';
import { requestHashOf } from '../request-hash.ts';

/**
 * The decision to have another tenant, on record in the platform's own tenant. The tenant itself begins with
 * `completeTenantCreation`, which needs the same request again: its secrets' hashes and handles are not kept here.
 */
export const createTenant = defineCommand({
  type: 'platform.create_tenant',
  version: 1,
  summary: 'Records that a tenant is to be created, and gives it its id; the platform then completes it.',
  risk: 'R1',
  scope: 'platform.tenant:create',
  environment: 'control',
  actorTypes: ['USER', 'SYSTEM'],
  input: bootstrapRequestShape,
  output: v.strictObject({ tenantId: idShape('tenant'), requestHash: v.string() }),
  refusals: ['command_type_unknown'],
  load: () => [],
  decide: (_state, request, ctx) => {
    const unknown = unknownCommandTypes(request.settings ?? {}, ctx.registry);
    if (unknown.length > 0) return refuse('command_type_unknown', { commandTypes: unknown });
    const tenantId = ctx.newId('tenant');
    const requestHash = requestHashOf(request);
    return accept({
      events: [tenantRequested.of({ tenantId, name: request.name, requestHash })],
      response: { tenantId, requestHash },
    });
  },
});
