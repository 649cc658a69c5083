import { type Id, idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import type { StateReader } from '../../definition/command.ts';
import { type Load, rowsWhere } from '../../definition/entity.ts';
import { webhookRecovery, webhookRosterEntry } from './entities.ts';
import { webhookBounds } from './webhook-bounds.ts';

/** What commands about one recovery share. */
export const recoveryInput = v.strictObject({ recoveryId: idShape('webhookRecovery') });
type OfRecovery = v.InferOutput<typeof recoveryInput>;

export function recoveryRow({ recoveryId }: OfRecovery): Load {
  return rowsWhere(webhookRecovery, { id: recoveryId });
}

export function loadRecovery({ recoveryId }: OfRecovery): Load[] {
  return [recoveryRow({ recoveryId })];
}

/** Whoever delivers learns of a decision by the roster, so its row is changed too. */
export function loadItsRoster({ recoveryId }: OfRecovery, state: StateReader): Load[] {
  const recovery = state.get(webhookRecovery, { id: recoveryId });
  return recovery ? [rowsWhere(webhookRosterEntry, { subscriptionId: recovery.subscriptionId })] : [];
}

export function loadRunning(subscriptionId: Id<'webhookSubscription'>): Load {
  return rowsWhere(webhookRecovery, { subscriptionId, status: 'RUNNING' });
}

export function isFull(state: StateReader, subscriptionId: Id<'webhookSubscription'>): boolean {
  const running = state.list(webhookRecovery, { subscriptionId, status: 'RUNNING' });
  return running.length >= webhookBounds.recoveriesUnderWay;
}
