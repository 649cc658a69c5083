import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { sessionLimits } from './session-limits.ts';

/** The answers of the endpoints of sessions. */

const tenantShape = v.strictObject({
  tenantId: idShape('tenant'),
  name: v.string(),
  environments: v.array(
    v.strictObject({
      environmentId: idShape('environment'),
      name: v.string(),
      kind: v.picklist(['SANDBOX', 'PRODUCTION']),
    }),
  ),
});

export const sessionShape = v.strictObject({
  /** login: somebody logged in and has to pick an environment. */
  credential: v.picklist(['api_key', 'session', 'login']),
  principalId: v.nullable(idShape('principal')),
  displayName: v.nullable(v.string()),
  authenticatedAt: v.nullable(timestampShape),
  loginAgeSeconds: v.nullable(v.number()),
  binding: v.nullable(
    v.strictObject({
      tenantId: idShape('tenant'),
      environmentId: idShape('environment'),
      sessionId: v.nullable(idShape('session')),
      expiresAt: v.nullable(timestampShape),
    }),
  ),
  /** What may be picked. */
  tenants: v.pipe(v.array(tenantShape), v.maxLength(sessionLimits.tenants)),
  hasMore: v.boolean(),
  /** For the header x-karmanflow-csrf of whatever is not GET. */
  csrfToken: v.nullable(v.string()),
});
export type SessionDocument = v.InferOutput<typeof sessionShape>;

export const selectShape = v.strictObject({ tenantId: idShape('tenant'), environmentId: idShape('environment') });

export const selectedShape = v.strictObject({
  tenantId: idShape('tenant'),
  environmentId: idShape('environment'),
  sessionId: idShape('session'),
  expiresAt: timestampShape,
  csrfToken: v.string(),
});

export const nothingShape = v.strictObject({});
export const closedShape = v.strictObject({ sessionId: v.nullable(idShape('session')) });
