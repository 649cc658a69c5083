import { toolCatalogue } from '@karmanflow/agents';
import { registry } from '@karmanflow/commands';
import { defaultTenantPolicy } from '@karmanflow/policy';

/** The tools of an agent that may look at stock and hold some, but never cancels by itself. */
export const tools = toolCatalogue(registry, {
  tenantId: 'tnt_0192c7a0-5b1e-7c3d-8a4f-6e5d4c3b2a19',
  environmentId: 'env_0192c7a0-5b1e-7c3d-8a4f-6e5d4c3b2a1a',
  environment: { kind: 'SANDBOX', status: 'ACTIVE' },
  actor: { type: 'AGENT', id: 'prn_0192c7a0-5b1e-7c3d-8a4f-6e5d4c3b2a1b', onBehalfOf: null },
  credential: null,
  scopes: new Set(['inventory.level:read', 'inventory.reservation:create', 'inventory.reservation:cancel']),
  controlScopes: new Set(),
  roles: [],
  controlRoles: [],
  riskCeiling: 'R2',
  loginAgeSeconds: null,
  tenantPolicy: defaultTenantPolicy,
}).map(({ name, availability }) => `${name}: ${availability}`);
