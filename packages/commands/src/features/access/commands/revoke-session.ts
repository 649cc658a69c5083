import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { session } from '../entities/session.ts';
import { sessionRevoked } from '../session-events.ts';

/** R1 for a human administrator: taking authority away must never wait. */
export const revokeSession = defineCommand({
  type: 'access.revoke_session',
  version: 1,
  summary: 'Revokes a session; within a second no process accepts it any more.',
  risk: 'R1',
  scope: 'access.session:revoke',
  environment: 'control',
  actorTypes: ['USER'],
  input: v.strictObject({ sessionId: idShape('session') }),
  output: v.strictObject({ sessionId: idShape('session'), revokedAt: timestampShape }),
  refusals: ['session_not_found', 'session_revoked'],
  load: ({ sessionId }) => [rowsWhere(session, { id: sessionId })],
  versioned: ({ sessionId }) => rowsWhere(session, { id: sessionId }),
  decide: (state, { sessionId }, ctx) => {
    const found = state.get(session, { id: sessionId });
    if (!found) return refuse('session_not_found', { sessionId });
    if (found.revokedAt !== null) return refuse('session_revoked', { revokedAt: found.revokedAt });
    return accept({ events: [sessionRevoked.of({ sessionId })], response: { sessionId, revokedAt: ctx.now } });
  },
});
