import type { SequencerWorld } from '../../sequencer/testing/sequencer-world.ts';

type Admin = SequencerWorld['admin'];

/** What the drill tampers with, and what a backup has of it. */
const tables = [
  'command_receipts',
  'domain_events',
  'variants',
  'inventory_levels',
  'log_pending',
  'log_leaves',
  'stream_events',
  'log_roots',
  'log_checkpoints',
] as const;

/** Copies the tables as they are, under a name: a backup. */
export async function saveTables(admin: Admin, name: string): Promise<void> {
  for (const table of tables) await admin.query(`CREATE TABLE public.${name}_${table} AS SELECT * FROM kf.${table}`);
}

/** Puts them back as they were, as an administrator restores a backup: past every trigger, policy and foreign key. */
export async function restoreTables(admin: Admin, name: string): Promise<void> {
  await unguarded(admin, async () => {
    for (const table of tables) {
      await admin.query(`DELETE FROM kf.${table}`);
      await admin.query(`INSERT INTO kf.${table} OVERRIDING SYSTEM VALUE SELECT * FROM public.${name}_${table}`);
    }
  });
}

/** Does what no role may do: what stands in the way is taken away first. */
export async function unguarded(admin: Admin, work: () => Promise<void>): Promise<void> {
  for (const table of tables) await admin.query(`ALTER TABLE kf.${table} DISABLE TRIGGER ALL`);
  await admin.query("SET session_replication_role = 'replica'");
  try {
    await work();
  } finally {
    await admin.query('RESET session_replication_role');
  }
}
