import type { Id } from '@karmanflow/schema';
import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';
import type { StateReader } from '../../definition/command.ts';
import { type Load, rowsWhere } from '../../definition/entity.ts';
import { ingestQuarantine, quarantinedMessage, type QuarantinedMessageState } from './entities.ts';

/** What commands about one held message share. */
export const heldInput = v.strictObject({ quarantinedMessageId: idShape('quarantinedMessage') });
export type HeldInput = v.InferOutput<typeof heldInput>;

export function loadHeld({ quarantinedMessageId }: HeldInput): Load[] {
  return [rowsWhere(quarantinedMessage, { id: quarantinedMessageId })];
}

/** The count of its source. Always behind the message itself, in every command, so that no two wait for each other. */
export function loadItsQuarantine({ quarantinedMessageId }: HeldInput, state: StateReader): Load[] {
  const held = state.get(quarantinedMessage, { id: quarantinedMessageId });
  return held ? [rowsWhere(ingestQuarantine, { ingestSourceId: held.ingestSourceId })] : [];
}

/** The personal values that go when it is over. */
export function valuesOf({ payloadId, outlineId }: QuarantinedMessageState): Id<'personalData'>[] {
  return [payloadId, outlineId].filter((id) => id !== null);
}
