import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../../definition/entity.ts';
import type { TenantConfigured } from '../events.ts';

/** What a tenant settled: canonical JSON of its whole policy. A tenant that settled nothing has no row. */
export interface TenantPolicyState {
  readonly id: Id<'tenant'>;
  readonly settings: string;
}

export const tenantPolicy = defineEntity<TenantPolicyState>({
  name: 'tenant_policy',
  table: 'tenant_policies',
  locked: true,
  key: ['id'],
  fields: { id: { column: 'id', id: 'tenant' }, settings: { column: 'settings' } },
  evolve: {
    'access.tenant.configured': (_state, { data }: PastEvent<TenantConfigured>) => ({
      id: data.tenantId,
      settings: data.settings,
    }),
  },
});
