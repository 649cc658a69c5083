import { referencesOf, type TableName, tableNames, tableOf } from '@karmanflow/schema';
import type { PlaceIds } from '../harness/session.ts';
import { rowOf, type RowsByTable, type SeedRow } from './row-of.ts';
import { isSingleton, tablesInOrder } from './tables-in-order.ts';
import type { Label } from './world.ts';

export interface PlacePlan extends PlaceIds {
  readonly name: string;
  readonly kind: 'control' | 'environment';
  /** The environments that a control environment registers: itself, and one for each label. */
  readonly environments?: Readonly<Record<Label | 'itself', string>>;
}

export interface LabelPlan {
  readonly label: Label;
  /** Stands in every text of the rows; the label unless given. */
  readonly text?: string;
  /** Rows of labels planned before, for parents that this label has none of. */
  readonly earlier: RowsByTable;
  readonly newId: () => string;
}

export interface PlannedRows {
  /** In an order in which they can be inserted. */
  readonly entries: readonly (readonly [TableName, SeedRow])[];
  readonly byTable: RowsByTable;
}

/** The rows of one label in a place: one of each table that belongs there, all under one receipt. */
export function planRows(plan: PlacePlan, { label, text = label, earlier, newId }: LabelPlan): PlannedRows {
  const receiptId = newId();
  const entries: [TableName, SeedRow][] = [];
  const byTable: RowsByTable = {};
  for (const name of tablesFor(plan, label)) {
    for (const values of forcedValues(name, { plan, label, receiptId })) {
      const row = rowOf(name, {
        tenantId: plan.tenantId,
        environmentId: plan.environmentId,
        placeName: plan.name,
        label: text,
        receiptId,
        newId,
        parentOf: (other) => byTable[other] ?? earlier[other],
        values,
      });
      entries.push([name, row]);
      byTable[name] = row;
    }
  }
  return { entries, byTable };
}

function tablesFor(plan: PlacePlan, label: Label): readonly TableName[] {
  return tablesInOrder().filter((name) => {
    const table = tableOf(name);
    if (table.scope === 'control' && plan.kind !== 'control') return false;
    if (isSingleton(name)) return label === 'shared';
    return label !== 'spare' || name === 'command_receipts' || canBeSpare(name);
  });
}

/** Others refer to it, and it has a key of its own, so that a spare row does not use up a combination of parents. */
function canBeSpare(name: TableName): boolean {
  const isReferredTo = tableNames.some((other) => referencesOf(other).some(({ table }) => table === name));
  const parents = new Set(referencesOf(name).flatMap(({ columns }) => columns));
  return isReferredTo && tableOf(name).key.some((column) => !parents.has(column));
}

/** What the general rule cannot know. The first label of a control environment also registers that environment itself. */
function forcedValues(name: TableName, use: { plan: PlacePlan; label: Label; receiptId: string }): readonly SeedRow[] {
  if (name === 'command_receipts') return [{ id: use.receiptId }];
  if (name !== 'environments' || use.plan.environments === undefined) return [{}];
  const registered = { id: use.plan.environments[use.label] };
  if (use.label !== 'shared') return [registered];
  return [{ id: use.plan.environments.itself, kind: 'CONTROL', name: 'control' }, registered];
}
