import { governance } from './approvals.ts';
import { createRegistry, type Registry } from './definition/registry.ts';
import { access } from './features/access/index.ts';
import { inventory } from './features/inventory/index.ts';
import { reservations } from './features/reservation/index.ts';

/** Everything that this build can do. A new feature is one more line here. */
export const registry: Registry = createRegistry([governance, access, inventory, reservations]);
