import { idShape, limits, versionShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { accept, defineCommand, refuse, type StateReader } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { inventoryLevel } from '../entities.ts';
import type { InventoryLevel } from '../level.ts';
import { oversellApplication, oversellRevision } from '../oversell/entities.ts';
import { oversellLimitSet, oversellPolicyApplied } from '../oversell/events.ts';
import { effectiveOversell, latestOf, precedenceOf } from '../oversell/oversell-policy.ts';

const levelKey = v.strictObject({ variantId: idShape('variant'), locationId: idShape('location') });

/**
 * One step of bringing levels to a policy. It trusts nothing but the keys: what each level should have is read and decided
 * here, so that a step which comes late, or twice, or for a level that another scope decides about, does no harm.
 */
export const applyOversellPolicy = defineCommand({
  type: 'inventory.apply_oversell_policy',
  version: 1,
  summary: 'Brings some levels to the oversell limit that the policies give them. The worker issues it.',
  risk: 'R1',
  scope: 'inventory.oversell_policy:apply',
  environment: 'caller',
  actorTypes: ['SYSTEM'],
  internal: true,
  input: v.strictObject({
    scopeKey: v.pipe(v.string(), v.maxLength(limits.textLength)),
    revision: versionShape,
    levels: v.pipe(v.array(levelKey), v.maxLength(limits.oversellLevelsPerCommand)),
    /** The caller found no further level to change, on a reading that saw all that were opened under an earlier policy. */
    finished: v.boolean(),
  }),
  output: v.strictObject({ changed: v.number(), application: v.picklist(['RUNNING', 'DONE']) }),
  refusals: ['oversell_application_superseded'],
  load: ({ scopeKey, levels }) => [
    rowsWhere(oversellApplication, { scopeKey }),
    ...levels.flatMap((level) => [
      rowsWhere(inventoryLevel, level),
      ...precedenceOf(level).map((key) => rowsWhere(oversellRevision, { scopeKey: key })),
    ]),
  ],
  decide: (state, { scopeKey, revision, levels, finished }) => {
    const application = state.get(oversellApplication, { scopeKey });
    if (application?.status !== 'RUNNING' || application.revision !== revision) {
      return refuse('oversell_application_superseded', { revision: application?.revision ?? null });
    }
    const changes = changesOf(
      state,
      levels.flatMap((key) => state.get(inventoryLevel, key) ?? []),
    );
    return accept({
      events: [
        ...(changes.length > 0 ? [oversellLimitSet.of({ levels: changes })] : []),
        ...(finished ? [oversellPolicyApplied.of({ scopeKey, revision })] : []),
      ],
      response: { changed: changes.length, application: finished ? 'DONE' : 'RUNNING' },
    });
  },
});

/** The levels among these that do not have the limit that the policies give them, each once. */
function changesOf(state: StateReader, levels: readonly InventoryLevel[]) {
  return [...new Set(levels)].flatMap((level) => {
    const { variantId, locationId } = level;
    const { quantity, decidedBy } = effectiveOversell(level, (scopeKey) =>
      latestOf(state.list(oversellRevision, { scopeKey })),
    );
    return quantity === level.oversellLimit ? [] : [{ variantId, locationId, oversellLimit: quantity, decidedBy }];
  });
}
