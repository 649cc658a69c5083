import { idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { environment } from '../entities/environment.ts';
import { environmentArchived } from '../events.ts';

/** Final. Nothing is removed: policy denies every command in an archived environment, whoever sends it. */
export const archiveEnvironment = defineCommand({
  type: 'access.archive_environment',
  version: 1,
  summary: 'Archives an environment for good; within a second nothing runs in it any more.',
  risk: 'R3',
  scope: 'access.environment:archive',
  environment: 'control',
  actorTypes: ['USER'],
  input: v.strictObject({ environmentId: idShape('environment') }),
  output: v.strictObject({ environmentId: idShape('environment'), archivedAt: timestampShape }),
  refusals: ['environment_not_found', 'environment_is_control', 'environment_archived'],
  load: ({ environmentId }) => [rowsWhere(environment, { id: environmentId })],
  versioned: ({ environmentId }) => rowsWhere(environment, { id: environmentId }),
  decide: (state, { environmentId }, ctx) => {
    const found = state.get(environment, { id: environmentId });
    if (!found) return refuse('environment_not_found', { environmentId });
    if (found.kind === 'CONTROL') return refuse('environment_is_control', { environmentId });
    if (found.status !== 'ACTIVE') return refuse('environment_archived', { environmentId });
    return accept({
      events: [environmentArchived.of({ environmentId })],
      response: { environmentId, archivedAt: ctx.now },
    });
  },
});
