import { createRegistry, type Registry } from './definition/registry.ts';
import { access } from './features/access/index.ts';
import { allocations } from './features/allocation/index.ts';
import { approvals } from './features/approval/index.ts';
import { ingestion } from './features/ingest/index.ts';
import { inventory } from './features/inventory/index.ts';
import { platform } from './features/platform/index.ts';
import { reservations } from './features/reservation/index.ts';
import { webhooks } from './features/webhook/index.ts';

/** Everything that this build can do. A new feature is one more line here. */
export const registry: Registry = createRegistry([
  approvals,
  access,
  inventory,
  reservations,
  allocations,
  platform,
  ingestion,
  webhooks,
]);
