import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { platformTenant } from '../entities.ts';
import { tenantConfirmed } from '../events.ts';

/** Internal: the last step of creating a tenant, when its first command has its receipt. */
export const confirmTenant = defineCommand({
  type: 'platform.confirm_tenant',
  version: 1,
  summary: 'Records that a requested tenant exists, and which receipt in it says so.',
  risk: 'R1',
  scope: 'platform.tenant:confirm',
  environment: 'control',
  actorTypes: ['SYSTEM'],
  internal: true,
  input: v.strictObject({ tenantId: idShape('tenant'), bootstrapReceiptId: idShape('receipt') }),
  output: v.strictObject({ tenantId: idShape('tenant') }),
  refusals: ['tenant_not_found', 'tenant_bootstrapped'],
  load: ({ tenantId }) => [rowsWhere(platformTenant, { id: tenantId })],
  decide: (state, { tenantId, bootstrapReceiptId }) => {
    const found = state.get(platformTenant, { id: tenantId });
    if (!found) return refuse('tenant_not_found', { tenantId });
    if (found.status === 'BOOTSTRAPPED') return refuse('tenant_bootstrapped', { tenantId });
    return accept({ events: [tenantConfirmed.of({ tenantId, bootstrapReceiptId })], response: { tenantId } });
  },
});
