import { toolCatalogue } from '@karmanflow/agents';
import { registry } from '@karmanflow/commands';

/** The tools of an agent that may look at stock and hold some, but never cancels by itself. */
export const tools = toolCatalogue(registry, {
  actor: {
    type: 'AGENT',
    scopes: new Set(['inventory.level:read', 'inventory.reservation:create', 'inventory.reservation:cancel']),
    riskCeiling: 'R2',
  },
  environment: { kind: 'SANDBOX', status: 'ACTIVE' },
}).map(({ name, availability }) => `${name}: ${availability}`);
