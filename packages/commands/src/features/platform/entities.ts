import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../definition/entity.ts';
import type { TenantConfirmed, TenantRequested } from './events.ts';

/** A tenant that this platform tenant has created, or has begun to create. */
export interface PlatformTenantState {
  readonly id: Id<'tenant'>;
  readonly name: string;
  readonly requestHash: Uint8Array;
  readonly status: 'REQUESTED' | 'BOOTSTRAPPED';
  readonly bootstrapReceiptId: Id<'receipt'> | null;
}

export const platformTenant = defineEntity<PlatformTenantState>({
  name: 'platform_tenant',
  table: 'platform_tenants',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'tenant' },
    name: { column: 'name' },
    requestHash: { column: 'request_hash' },
    status: { column: 'status' },
    bootstrapReceiptId: { column: 'bootstrap_receipt_id', id: 'receipt' },
  },
  evolve: {
    'platform.tenant.requested': (_state, { data }: PastEvent<TenantRequested>) => ({
      id: data.tenantId,
      name: data.name,
      requestHash: Buffer.from(data.requestHash, 'hex'),
      status: 'REQUESTED' as const,
      bootstrapReceiptId: null,
    }),
    'platform.tenant.confirmed': (state, { data }: PastEvent<TenantConfirmed>) => {
      if (!state) throw new Error('a tenant was confirmed before it was requested');
      return { ...state, status: 'BOOTSTRAPPED' as const, bootstrapReceiptId: data.bootstrapReceiptId };
    },
  },
});
