import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../../definition/entity.ts';
import type { TenantCreated } from '../events.ts';

export const tenant = defineEntity<{ id: Id<'tenant'>; name: string; status: 'ACTIVE' | 'SUSPENDED' }>({
  name: 'tenant',
  table: 'tenants',
  locked: true,
  key: ['id'],
  fields: { id: { column: 'id', id: 'tenant' }, name: { column: 'name' }, status: { column: 'status' } },
  evolve: {
    'access.tenant.created': (_state, { data }: PastEvent<TenantCreated>) => ({
      id: data.tenantId,
      name: data.name,
      status: 'ACTIVE' as const,
    }),
  },
});
