import { type TableName, tableOf } from '@karmanflow/schema';
import { writerOf } from '../attacks/access.ts';
import { type Attack, attackCheck } from '../attacks/attack-check.ts';
import { liveReferences, type LiveReference } from '../attacks/live-references.ts';
import type { Check } from '../harness/check.ts';
import { sabotage } from '../harness/sabotage.ts';
import { asRole, type Session } from '../harness/session.ts';
import type { SeedRow } from '../world/row-of.ts';
import { insertOf } from '../world/statements.ts';
import {
  emptyPlace,
  homeOf,
  issueReceipt,
  newRow,
  type Place,
  placeForNewRow,
  sharedRow,
  type World,
} from '../world/world.ts';

/** A row that the key could name, in another environment of the same tenant; null where the target has no other one. */
function parentElsewhere(world: World, { table, targetTable }: LiveReference): SeedRow | null {
  if (tableOf(targetTable).scope === 'control') return null;
  if (tableOf(table).scope === 'control') return sharedRow(world.here, targetTable);
  return world.sibling.rows.rival[targetTable] ?? null;
}

const ownColumns = ({ columns }: LiveReference): readonly string[] =>
  columns.filter((column) => !['tenant_id', 'environment_id', 'written_in'].includes(column));

/** A key to a parent of the other environment. */
async function probeParent({ target, world, expect }: Attack, reference: LiveReference): Promise<void> {
  const { name, table, columns, targetColumns } = reference;
  const parent = parentElsewhere(world, reference);
  if (parent === null) return;
  const place = placeForNewRow(world, table, homeOf(world, table));
  await asRole(target, writerOf(table), async (session) => {
    // The other environment's receipt is of this very transaction: only the environment is wrong about it.
    const isReceipt = columns.includes('receipt_id');
    const elsewhere = isReceipt ? await receiptIn(session, world, world.sibling) : parent;
    await session.enter(place);
    const row = newRow(world, table, { place, receiptId: await issueReceipt(session, world, place) });
    const control = insertOf(table, row);
    expect.allowed(
      { caseName: 'control: parent of the same environment', where: name },
      await session.probe(control.sql, control.values),
    );
    const ids = ownColumns(reference).map((column) => [
      column,
      elsewhere[targetColumns[columns.indexOf(column)] ?? ''],
    ]);
    const { sql, values } = insertOf(table, { ...row, ...Object.fromEntries(ids) });
    const outcome = await session.probe(sql, values);
    expect.refusedBy({ caseName: 'parent of another environment', where: name }, outcome, {
      sqlState: '23503',
      constraint: name,
    });
  });
}

async function receiptIn(session: Session, world: World, place: Place): Promise<SeedRow> {
  await session.enter(place);
  return { id: await issueReceipt(session, world, place) };
}

/** A key that is nothing but the scope: the environment, or the tenant, must be known. */
async function probeScope({ target, world, expect }: Attack, { name, table }: LiveReference): Promise<void> {
  const unknown = world.newId();
  const isControl = tableOf(table).scope === 'control';
  const place = emptyPlace('unknown', { tenantId: isControl ? unknown : world.here.tenantId, environmentId: unknown });
  await asRole(target, writerOf(table), async (session) => {
    await session.enter(place);
    const row = newRow(world, table, { place, receiptId: await issueReceipt(session, world, place) });
    const { sql, values } = insertOf(table, row);
    const outcome = await session.probe(sql, values);
    expect.refusedBy({ caseName: 'unknown environment', where: name }, outcome, {
      sqlState: '23503',
      constraint: name,
    });
  });
}

/** Rows of the control plane cannot stand in any other environment, where they would be a second truth. */
async function probeControlPlane({ target, world, expect }: Attack, table: TableName): Promise<void> {
  await asRole(target, writerOf(table), async (session) => {
    await session.enter(world.here);
    const receiptId = await issueReceipt(session, world, world.here);
    const row = newRow(world, table, { place: world.control, receiptId });
    const { sql, values } = insertOf(table, { ...row, environment_id: world.here.environmentId });
    const constraint = `${table}_control_only`;
    const attempt = { caseName: 'control plane in another environment', where: table };
    expect.refusedBy(attempt, await session.probe(sql, values), { sqlState: '23514', constraint });
  });
}

export const foreignKeyAttacks: Check = attackCheck({
  id: 'environment-scope.foreign-keys-refuse',
  claim:
    'No row refers to a row of another environment, to an unknown environment, or to a receipt given in another environment.',
  mechanism:
    'every foreign key that exists is tried with a parent of the other environment of the same tenant, next to one that is accepted',
  cases: [
    'control: parent of the same environment',
    'parent of another environment',
    'unknown environment',
    'control plane in another environment',
  ],
  async run(attack) {
    for (const reference of await liveReferences(attack)) {
      if (ownColumns(reference).length === 0) await probeScope(attack, reference);
      else await probeParent(attack, reference);
    }
    for (const table of attack.tables) {
      if (tableOf(table).scope === 'control') await probeControlPlane(attack, table);
    }
  },
  saboteurs: [
    sabotage(
      {
        name: 'a foreign key leaves the environment out',
        mentions: 'parent of another environment, reservations_sales_channel_id_fkey',
        tables: ['reservations'],
      },
      'CREATE UNIQUE INDEX loose_target ON kf.sales_channels (tenant_id, id)',
      'ALTER TABLE kf.reservations DROP CONSTRAINT reservations_sales_channel_id_fkey',
      'ALTER TABLE kf.reservations ADD CONSTRAINT reservations_sales_channel_id_fkey FOREIGN KEY (tenant_id, sales_channel_id) REFERENCES kf.sales_channels (tenant_id, id)',
    ),
    sabotage(
      {
        name: 'receipts are found in any environment',
        mentions: 'parent of another environment, variants_receipt_id_written_in_fkey',
        tables: ['variants'],
      },
      'CREATE UNIQUE INDEX loose_target ON kf.command_receipts (tenant_id, id, written_in)',
      'ALTER TABLE kf.variants DROP CONSTRAINT variants_receipt_id_written_in_fkey',
      'ALTER TABLE kf.variants ADD CONSTRAINT variants_receipt_id_written_in_fkey FOREIGN KEY (tenant_id, receipt_id, written_in) REFERENCES kf.command_receipts (tenant_id, id, written_in)',
    ),
    sabotage(
      {
        name: 'only the tenant of an environment is checked',
        mentions: 'unknown environment, locations_scope_fkey',
        tables: ['locations'],
      },
      'CREATE UNIQUE INDEX loose_target ON kf.tenants (tenant_id)',
      'ALTER TABLE kf.locations DROP CONSTRAINT locations_scope_fkey',
      'ALTER TABLE kf.locations ADD CONSTRAINT locations_scope_fkey FOREIGN KEY (tenant_id) REFERENCES kf.tenants (tenant_id)',
    ),
    sabotage(
      {
        name: 'API keys may stand anywhere',
        mentions: 'control plane in another environment, api_keys',
        tables: ['api_keys'],
      },
      'ALTER TABLE kf.api_keys DROP CONSTRAINT api_keys_control_only, DROP CONSTRAINT api_keys_principal_id_fkey, DROP CONSTRAINT api_keys_target_environment_id_fkey',
    ),
  ],
});
