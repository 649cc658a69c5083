import { referencesOf, type TableName, tableOf } from '@karmanflow/schema';
import type { PlaceIds, Session } from '../harness/session.ts';
import { rowOf, type RowsByTable, type SeedRow } from './row-of.ts';
import { insertOf } from './statements.ts';
import { isSingleton } from './tables-in-order.ts';

/**
 * shared   a row in every table, with the same natural keys in every place
 * spare    parents that nothing refers to yet, so that new rows have something to refer to
 * rival    only in the stranger's and the sibling's places: natural keys that tenant A does not have here
 */
export const labels = ['shared', 'spare', 'rival'] as const;
export type Label = (typeof labels)[number];

export interface Place extends PlaceIds {
  readonly name: string;
  readonly rows: Readonly<Record<Label, RowsByTable>>;
  readonly counts: Readonly<Partial<Record<TableName, number>>>;
}

/** Two tenants and their environments, with at least one row in every table of each kind of place. */
export interface World {
  /** Tenant A: an environment, another one, and the control environment. */
  readonly here: Place;
  readonly sibling: Place;
  readonly control: Place;
  /** Tenant B. */
  readonly stranger: Place;
  readonly strangerControl: Place;
  /** Control environments of many further tenants, with one row each. */
  readonly crowd: readonly PlaceIds[];
  readonly newId: () => string;
}

export function emptyPlace(name: string, ids: PlaceIds): Place {
  return { name, ...ids, rows: { shared: {}, spare: {}, rival: {} }, counts: {} };
}

/** Where tenant A's rows of a table are. */
export function homeOf(world: World, name: TableName): Place {
  return tableOf(name).scope === 'control' ? world.control : world.here;
}

/** Where tenant B's rows of a table are. */
export function foreignHomeOf(world: World, name: TableName): Place {
  return tableOf(name).scope === 'control' ? world.strangerControl : world.stranger;
}

/** A place in which a new row of the table can stand: the tenant's own, or a new tenant's where the row is the tenant. */
export function placeForNewRow(world: World, name: TableName, usual: Place): Place {
  if (!isSingleton(name)) return usual;
  const tenantId = world.newId();
  if (referencesOf(name).every(({ table }) => table !== 'tenants')) {
    return emptyPlace('new tenant', { tenantId, environmentId: tenantId });
  }
  // What belongs to a tenant stands in one that is there already and has no such row.
  const vacant = world.crowd[usual.tenantId === world.here.tenantId ? 0 : 1];
  if (!vacant) throw new Error('the seed left no tenant with nothing in it');
  return emptyPlace('vacant tenant', vacant);
}

/** How many rows of a table the seed left in the place. */
export function rowCountIn(place: Place, name: TableName): number {
  return place.counts[name] ?? 0;
}

export function sharedRow(place: Place, name: TableName): SeedRow {
  const row = place.rows.shared[name];
  if (!row) throw new Error(`the seed left no row of ${name} in ${place.name}`);
  return row;
}

export interface NewRow {
  readonly place: Place;
  readonly receiptId: string;
  /** Texts of the row; a new one each time unless given. */
  readonly label?: string;
  readonly values?: SeedRow;
}

/** A row that could be inserted into the place: parents are spare ones where there are any. */
export function newRow(world: World, name: TableName, { place, receiptId, label, values }: NewRow): SeedRow {
  const id = world.newId();
  return rowOf(name, {
    tenantId: place.tenantId,
    environmentId: place.environmentId,
    placeName: place.name,
    label: label ?? `new ${id}`,
    receiptId,
    newId: world.newId,
    parentOf: (table) => place.rows.spare[table] ?? place.rows.shared[table],
    ...(values ? { values } : {}),
  });
}

/**
 * Inserts a receipt of this transaction into the scope that the session is in, and returns its id. A role that writes none
 * refers to receipts of before: a new id will do, as nothing that it writes is tied to one.
 */
export async function issueReceipt(session: Session, world: World, place: Place): Promise<string> {
  if (!writesReceipts(session.role)) return world.newId();
  const row = newRow(world, 'command_receipts', { place, receiptId: '', values: { id: world.newId() } });
  const { sql, values } = insertOf('command_receipts', row);
  await session.perform(sql, values);
  return String(row['id']);
}

function writesReceipts(role: string): boolean {
  return tableOf('command_receipts').grants.insert?.some((writer) => writer === role) ?? false;
}
