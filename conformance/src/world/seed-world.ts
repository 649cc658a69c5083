import { ownerRole, scopeStatements, type TableName, toId } from '@karmanflow/schema';
import type { Client } from 'pg';
import type { PlaceIds } from '../harness/session.ts';
import { type PlacePlan, planRows } from './plan-place.ts';
import type { RowsByTable, SeedRow } from './row-of.ts';
import { insertOf } from './statements.ts';
import { uuidSequence } from './uuid-sequence.ts';
import { type Label, labels, type Place, type World } from './world.ts';

const crowdSize = 100;

/**
 * Fills a freshly migrated database as the owner role: one transaction for each place, in the place's scope, so that the
 * seed passes the same policies and constraints as everyone. The rows follow from `seed`.
 */
export async function seedWorld(admin: Client, seed: string): Promise<World> {
  const newId = uuidSequence(seed);
  const a = newId();
  const b = newId();
  const ofA = { itself: a, shared: newId(), spare: newId(), rival: newId() };
  const ofB = { itself: b, shared: newId(), spare: newId(), rival: newId() };
  const fill = (plan: PlacePlan, used: readonly Label[]): Promise<Place> =>
    fillPlace(admin, { plan, labels: used, newId });
  // Places of both tenants bear the same names: what follows from a name is the same on both sides.
  const control = { name: 'control', kind: 'control' } as const;
  const world: World = {
    control: await fill({ ...control, tenantId: a, environmentId: a, environments: ofA }, ['shared', 'spare']),
    strangerControl: await fill({ ...control, tenantId: b, environmentId: b, environments: ofB }, labels),
    here: await fill({ name: 'here', kind: 'environment', tenantId: a, environmentId: ofA.shared }, [
      'shared',
      'spare',
    ]),
    sibling: await fill({ name: 'sibling', kind: 'environment', tenantId: a, environmentId: ofA.spare }, labels),
    stranger: await fill({ name: 'here', kind: 'environment', tenantId: b, environmentId: ofB.shared }, labels),
    crowd: await seedCrowd(admin, newId),
    newId,
  };
  // Statistics of the rows must exist before a check can find that nobody sees them.
  await admin.query('ANALYZE');
  return world;
}

export interface Arrival {
  readonly place: PlaceIds;
  readonly entries: readonly (readonly [TableName, SeedRow])[];
  /** Statements for the transaction, such as SET LOCAL lock_timeout. */
  readonly settings?: readonly string[];
}

/** Commits rows into a place, as the owner role in the place's own scope. */
export async function insertRows(admin: Client, { place, entries, settings = [] }: Arrival): Promise<void> {
  const { tenantId, environmentId } = place;
  await admin.query('BEGIN');
  try {
    for (const statement of settings) await admin.query(statement);
    await admin.query(`SET LOCAL ROLE ${ownerRole}`);
    const scope = { tenantId: toId('tenant', tenantId), environmentId: toId('environment', environmentId) };
    for (const statement of scopeStatements(scope)) await admin.query(statement);
    for (const [name, row] of entries) {
      const { sql, values } = insertOf(name, row);
      await admin.query(sql, [...values]);
    }
    await admin.query('COMMIT');
  } catch (error) {
    await admin.query('ROLLBACK');
    throw error;
  }
}

interface PlaceFill {
  readonly plan: PlacePlan;
  readonly labels: readonly Label[];
  readonly newId: () => string;
}

async function fillPlace(admin: Client, { plan, labels: used, newId }: PlaceFill): Promise<Place> {
  const rows: Record<Label, RowsByTable> = { shared: {}, spare: {}, rival: {} };
  const counts: Partial<Record<TableName, number>> = {};
  for (const label of used) {
    const { entries, byTable } = planRows(plan, { label, earlier: rows.shared, newId });
    await insertRows(admin, { place: plan, entries });
    rows[label] = byTable;
    for (const [name] of entries) counts[name] = (counts[name] ?? 0) + 1;
  }
  return { name: plan.name, tenantId: plan.tenantId, environmentId: plan.environmentId, rows, counts };
}

async function seedCrowd(admin: Client, newId: () => string): Promise<PlaceIds[]> {
  const crowd: PlaceIds[] = [];
  for (let count = 0; count < crowdSize; count += 1) {
    const tenantId = newId();
    const plan: PlacePlan = { name: 'control', kind: 'control', tenantId, environmentId: tenantId };
    const { entries } = planRows(plan, { label: 'shared', earlier: {}, newId });
    const own = entries.filter(([name]) => name === 'command_receipts' || name === 'tenants');
    await insertRows(admin, { place: plan, entries: own });
    crowd.push({ tenantId, environmentId: tenantId });
  }
  return crowd;
}
