import { defineFeature, type FeatureDefinition } from '../../definition/registry.ts';
import { confirmTenant } from './commands/confirm-tenant.ts';
import { createTenant } from './commands/create-tenant.ts';
import { platformTenant } from './entities.ts';
import { tenantConfirmed, tenantRequested } from './events.ts';
import { listTenants } from './queries/tenants.ts';

export {
  bootstrapRequestedTenant,
  completeTenantCreation,
  confirmRequestedTenant,
  type TenantCreation,
  type TenantCreationEnd,
  type TenantCreationOptions,
} from './complete-tenant-creation.ts';
export { requestHashOf } from './request-hash.ts';
export { confirmTenant, createTenant, platformTenant };

/** A platform's own tenant is a tenant like any other; what it administers is the existence of others. */
export const platform: FeatureDefinition = defineFeature({
  name: 'platform',
  commands: [createTenant, confirmTenant],
  queries: [listTenants],
  events: [tenantRequested, tenantConfirmed],
  entities: [platformTenant],
  agentSurface: { summary: 'Tenants are created by the people of a platform; agents have no part in it.' },
});
