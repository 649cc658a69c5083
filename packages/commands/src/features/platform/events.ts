import { defineEvent } from '@karmanflow/events';
import { idShape, nameShape } from '@karmanflow/schema';
import * as v from 'valibot';

/** `requestHash`: SHA-256, in hex, of the request's canonical JSON. The request itself is the new tenant's, not ours. */
export const tenantRequested = defineEvent({
  type: 'platform.tenant.requested',
  version: 1,
  data: v.strictObject({
    tenantId: idShape('tenant'),
    name: nameShape,
    requestHash: v.pipe(v.string(), v.hexadecimal(), v.length(64)),
  }),
  touches: (data) => [{ entity: 'platform_tenant', key: { id: data.tenantId } }],
});
export type TenantRequested = v.InferOutput<typeof tenantRequested.data>;

/** Names the receipt in the new tenant, with which the two histories meet. */
export const tenantConfirmed = defineEvent({
  type: 'platform.tenant.confirmed',
  version: 1,
  data: v.strictObject({ tenantId: idShape('tenant'), bootstrapReceiptId: idShape('receipt') }),
  touches: (data) => [{ entity: 'platform_tenant', key: { id: data.tenantId } }],
});
export type TenantConfirmed = v.InferOutput<typeof tenantConfirmed.data>;
