import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { accessLimits } from '../access-limits.ts';
import { environment } from '../entities/environment.ts';
import { endProblem } from '../end-problem.ts';
import { sessionOpened } from '../session-events.ts';
import { secretHashShape } from '../shapes.ts';

/**
 * Internal: the process that saw an identity provider confirm who somebody is sends it in that person's own name. Whether the
 * person is still active is asked with every use of the session, so it is not asked here.
 */
export const openSession = defineCommand({
  type: 'access.open_session',
  version: 1,
  summary: 'Opens a session of a person who has just logged in.',
  risk: 'R1',
  scope: 'access.session:open',
  environment: 'control',
  actorTypes: ['USER'],
  internal: true,
  input: v.strictObject({
    environmentId: idShape('environment'),
    secretHash: secretHashShape,
    authenticatedAt: timestampShape,
    expiresAt: timestampShape,
  }),
  output: v.strictObject({ sessionId: idShape('session'), expiresAt: timestampShape }),
  refusals: ['environment_not_found', 'environment_archived', 'end_out_of_range'],
  load: ({ environmentId }) => [rowsWhere(environment, { id: environmentId })],
  decide: (state, { environmentId, secretHash, authenticatedAt, expiresAt }, ctx) => {
    const target = state.get(environment, { id: environmentId });
    if (!target) return refuse('environment_not_found', { environmentId });
    if (target.status !== 'ACTIVE') return refuse('environment_archived', { environmentId });
    const problem = endProblem(expiresAt, { now: ctx.now, secondsMax: accessLimits.sessionSecondsMax });
    if (problem) return refuse('end_out_of_range', problem);
    const sessionId = ctx.newId('session');
    const opened = sessionOpened.of({
      sessionId,
      principalId: ctx.actor.id,
      environmentId,
      secretHash,
      // A process whose clock is ahead must not make a login younger than it is.
      authenticatedAt: authenticatedAt < ctx.now ? authenticatedAt : ctx.now,
      expiresAt,
    });
    return accept({ events: [opened], response: { sessionId, expiresAt } });
  },
});
