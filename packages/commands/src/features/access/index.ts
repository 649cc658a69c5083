import { defineFeature, type FeatureDefinition } from '../../definition/registry.ts';
import { archiveEnvironment } from './commands/archive-environment.ts';
import { bootstrapTenant } from './commands/bootstrap-tenant.ts';
import { closeSession } from './commands/close-session.ts';
import { configureTenant } from './commands/configure-tenant.ts';
import { createEnvironment } from './commands/create-environment.ts';
import { disablePrincipal } from './commands/disable-principal.ts';
import { erasePersonalData } from './commands/erase-personal-data.ts';
import { grantRole } from './commands/grant-role.ts';
import { issueApiKey } from './commands/issue-api-key.ts';
import { linkIdentity } from './commands/link-identity.ts';
import { openSession } from './commands/open-session.ts';
import { registerPrincipal } from './commands/register-principal.ts';
import { revokeApiKey } from './commands/revoke-api-key.ts';
import { revokeRole } from './commands/revoke-role.ts';
import { revokeSession } from './commands/revoke-session.ts';
import { rotateApiKey } from './commands/rotate-api-key.ts';
import { unlinkIdentity } from './commands/unlink-identity.ts';
import { apiKey } from './entities/api-key.ts';
import { environment } from './entities/environment.ts';
import { ingestSource } from './entities/ingest-source.ts';
import { principal } from './entities/principal.ts';
import { principalIdentity } from './entities/principal-identity.ts';
import { roleGrant } from './entities/role-grant.ts';
import { session } from './entities/session.ts';
import { tenant } from './entities/tenant.ts';
import { tenantPolicy } from './entities/tenant-policy.ts';
import {
  apiKeyIssued,
  apiKeyRevoked,
  apiKeyRotated,
  environmentArchived,
  environmentCreated,
  personalDataErased,
  principalDisabled,
  principalRegistered,
  roleGranted,
  roleRevoked,
  tenantConfigured,
  tenantCreated,
} from './events.ts';
import {
  type IngestPreset,
  ingestPresets,
  ingestSourceLimitsChanged,
  ingestSourceMappingSet,
  type IngestSourceMappingSet,
  ingestSourcePaused,
  ingestSourceRegistered,
  ingestSourceResumed,
  ingestSourceSecretsChanged,
  ingestSourceVerificationChanged,
} from './ingest-source-events.ts';
import { listApiKeys } from './queries/api-keys.ts';
import { listEnvironments } from './queries/environments.ts';
import { listIdentities } from './queries/identities.ts';
import { listPrincipals } from './queries/principals.ts';
import { listRoleGrants } from './queries/role-grants.ts';
import { listSessions } from './queries/sessions.ts';
import { readTenant } from './queries/tenant.ts';
import { identityLinked, identityUnlinked, sessionClosed, sessionOpened, sessionRevoked } from './session-events.ts';

export {
  type ApiKeyCredential,
  apiKeySecretBytes,
  formatApiKey,
  formatIngestAddress,
  hashApiKeySecret,
  parseApiKey,
  parseIngestAddress,
} from './api-key.ts';
export { type Authority, authorityOf, type AuthorityQuestion, everyScope } from './authority.ts';
export {
  type Authenticator,
  type AuthenticatorPorts,
  createAuthenticator,
  readGrants,
  readTenantPolicy,
} from './authenticator.ts';
export {
  createSessionAuthenticator,
  formatSession,
  hashSessionSecret,
  identityHashOf,
  parseSession,
  type SessionAuthenticator,
  type SessionAuthenticatorPorts,
  type SessionCredential,
  sessionSecretBytes,
} from './session-authenticator.ts';
export { type BootstrapRequest, bootstrapRequestShape, secretReferenceShape } from './bootstrap-request.ts';
export { policyFromText, policyToChange, unknownCommandTypes } from './settled-policy.ts';
export {
  archiveEnvironment,
  bootstrapTenant,
  closeSession,
  configureTenant,
  createEnvironment,
  disablePrincipal,
  erasePersonalData,
  grantRole,
  issueApiKey,
  linkIdentity,
  openSession,
  registerPrincipal,
  revokeApiKey,
  revokeRole,
  revokeSession,
  rotateApiKey,
  unlinkIdentity,
};
export {
  type IngestPreset,
  ingestPresets,
  ingestSourceLimitsChanged,
  ingestSourceMappingSet,
  type IngestSourceMappingSet,
  ingestSourcePaused,
  ingestSourceRegistered,
  ingestSourceResumed,
  ingestSourceSecretsChanged,
  ingestSourceVerificationChanged,
};
export { apiKey, environment, ingestSource, principal, principalIdentity, roleGrant, session, tenant, tenantPolicy };

/** Who is there: tenants, environments, principals, what they may do, and with which keys. */
export const access: FeatureDefinition = defineFeature({
  name: 'access',
  commands: [
    bootstrapTenant,
    configureTenant,
    createEnvironment,
    archiveEnvironment,
    registerPrincipal,
    disablePrincipal,
    erasePersonalData,
    linkIdentity,
    unlinkIdentity,
    grantRole,
    revokeRole,
    issueApiKey,
    rotateApiKey,
    revokeApiKey,
    openSession,
    closeSession,
    revokeSession,
  ],
  queries: [readTenant, listEnvironments, listPrincipals, listIdentities, listRoleGrants, listApiKeys, listSessions],
  events: [
    tenantCreated,
    tenantConfigured,
    environmentCreated,
    environmentArchived,
    principalRegistered,
    principalDisabled,
    personalDataErased,
    roleGranted,
    roleRevoked,
    apiKeyIssued,
    apiKeyRotated,
    apiKeyRevoked,
    ingestSourceRegistered,
    ingestSourcePaused,
    ingestSourceResumed,
    ingestSourceSecretsChanged,
    ingestSourceLimitsChanged,
    ingestSourceVerificationChanged,
    ingestSourceMappingSet,
    identityLinked,
    identityUnlinked,
    sessionOpened,
    sessionClosed,
    sessionRevoked,
  ],
  entities: [tenant, environment, principal, roleGrant, apiKey, ingestSource, tenantPolicy, principalIdentity, session],
  agentSurface: {
    summary: 'People and what they may do are for human administrators; an agent may ask for a new key.',
  },
});
