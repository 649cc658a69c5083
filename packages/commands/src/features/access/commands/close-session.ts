import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { session } from '../entities/session.ts';
import { sessionClosed } from '../session-events.ts';

/** Internal: logging out. Somebody else's session looks like none. */
export const closeSession = defineCommand({
  type: 'access.close_session',
  version: 1,
  summary: "Closes a session of the actor's own.",
  risk: 'R1',
  scope: 'access.session:close',
  environment: 'control',
  actorTypes: ['USER'],
  internal: true,
  input: v.strictObject({ sessionId: idShape('session') }),
  output: v.strictObject({ sessionId: idShape('session'), revokedAt: timestampShape }),
  refusals: ['session_not_found', 'session_revoked'],
  load: ({ sessionId }) => [rowsWhere(session, { id: sessionId })],
  decide: (state, { sessionId }, ctx) => {
    const found = state.get(session, { id: sessionId });
    if (found?.principalId !== ctx.actor.id) return refuse('session_not_found', { sessionId });
    if (found.revokedAt !== null) return refuse('session_revoked', { revokedAt: found.revokedAt });
    return accept({ events: [sessionClosed.of({ sessionId })], response: { sessionId, revokedAt: ctx.now } });
  },
});
