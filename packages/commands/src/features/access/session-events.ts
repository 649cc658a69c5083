import { defineEvent } from '@karmanflow/events';
import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { identityHashShape, secretHashShape } from './shapes.ts';

/** Facts about people who log in: their identities and their sessions. */

export const identityLinked = defineEvent({
  type: 'access.identity.linked',
  version: 1,
  data: v.strictObject({ identityHash: identityHashShape, principalId: idShape('principal') }),
  touches: (data) => [{ entity: 'principal_identity', key: { identityHash: data.identityHash } }],
});
export type IdentityLinked = v.InferOutput<typeof identityLinked.data>;

export const identityUnlinked = defineEvent({
  type: 'access.identity.unlinked',
  version: 1,
  data: v.strictObject({ identityHash: identityHashShape, principalId: idShape('principal') }),
  touches: (data) => [{ entity: 'principal_identity', key: { identityHash: data.identityHash } }],
});

export const sessionOpened = defineEvent({
  type: 'access.session.opened',
  version: 1,
  data: v.strictObject({
    sessionId: idShape('session'),
    principalId: idShape('principal'),
    environmentId: idShape('environment'),
    /** SHA-256 of 256 random bits: nothing can be learnt from it. */
    secretHash: secretHashShape,
    authenticatedAt: timestampShape,
    expiresAt: timestampShape,
  }),
  touches: (data) => [{ entity: 'session', key: { id: data.sessionId } }],
});
export type SessionOpened = v.InferOutput<typeof sessionOpened.data>;

const sessionOnly = v.strictObject({ sessionId: idShape('session') });

/** By the person whose session it was. */
export const sessionClosed = defineEvent({
  type: 'access.session.closed',
  version: 1,
  data: sessionOnly,
  touches: (data) => [{ entity: 'session', key: { id: data.sessionId } }],
});

/** By an administrator. */
export const sessionRevoked = defineEvent({
  type: 'access.session.revoked',
  version: 1,
  data: sessionOnly,
  touches: (data) => [{ entity: 'session', key: { id: data.sessionId } }],
});
