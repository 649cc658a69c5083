import { defineFeature, type FeatureDefinition } from '../../definition/registry.ts';
import { bootstrapTenant } from './commands/bootstrap-tenant.ts';
import { revokeApiKey } from './commands/revoke-api-key.ts';
import { apiKey, environment, ingestSource, principal, roleGrant, tenant } from './entities.ts';
import {
  apiKeyIssued,
  apiKeyRevoked,
  environmentCreated,
  ingestSourceRegistered,
  principalRegistered,
  roleGranted,
  tenantCreated,
} from './events.ts';

export {
  type ApiKeyCredential,
  apiKeySecretBytes,
  formatApiKey,
  formatIngestAddress,
  hashApiKeySecret,
  parseApiKey,
  parseIngestAddress,
} from './api-key.ts';
export { type Authenticator, type AuthenticatorPorts, createAuthenticator } from './authenticator.ts';
export { bootstrapTenant, revokeApiKey };
export { apiKey, environment, ingestSource, principal, roleGrant, tenant };

/** Who is there: tenants, environments, principals, what they may do, and with which keys. */
export const access: FeatureDefinition = defineFeature({
  name: 'access',
  commands: [bootstrapTenant, revokeApiKey],
  queries: [],
  events: [
    tenantCreated,
    environmentCreated,
    principalRegistered,
    roleGranted,
    apiKeyIssued,
    apiKeyRevoked,
    ingestSourceRegistered,
  ],
  entities: [tenant, environment, principal, roleGrant, apiKey, ingestSource],
  agentSurface: { summary: 'Keys can be revoked by a human administrator; agents see nothing here.' },
});
