import type { Id } from '@karmanflow/schema';
import { defineEntity, type PastEvent } from '../../../definition/entity.ts';
import type { EnvironmentCreated } from '../events.ts';
import { existing } from './existing.ts';

export interface EnvironmentState {
  readonly id: Id<'environment'>;
  readonly name: string;
  readonly kind: 'CONTROL' | 'SANDBOX' | 'PRODUCTION';
  readonly status: 'ACTIVE' | 'ARCHIVED';
}

export const environment = defineEntity<EnvironmentState>({
  name: 'environment',
  table: 'environments',
  locked: true,
  key: ['id'],
  fields: {
    id: { column: 'id', id: 'environment' },
    name: { column: 'name' },
    kind: { column: 'kind' },
    status: { column: 'status' },
  },
  evolve: {
    'access.environment.created': (_state, { data }: PastEvent<EnvironmentCreated>) => ({
      id: data.environmentId,
      name: data.name,
      kind: data.kind,
      status: 'ACTIVE' as const,
    }),
    'access.environment.archived': (state, event: PastEvent<unknown>) => ({
      ...existing(state, event),
      status: 'ARCHIVED' as const,
    }),
  },
});
