import { type TableName, tableNames, tableOf } from '@karmanflow/schema';
import type { Check, Saboteur } from '../harness/check.ts';
import { gatherEvidence } from '../harness/evidence.ts';
import { type Repository, runningSources } from './repository.ts';

/** The one package that writes what commands decide. */
const writer = 'packages/commands/';

interface Write {
  readonly path: string;
  readonly how: string;
  /** As it stands there; empty when it is computed. */
  readonly table: string;
}

/** Removes minutes that are over from a queue, which is no entity and needs no receipt. */
const allowances: readonly (Write & { readonly table: TableName })[] = [
  { path: 'apps/worker/src/sweeper/clear-buckets.ts', how: 'deleteFrom', table: 'expiry_schedule' },
];

const builderCall =
  /\.(insertInto|updateTable|deleteFrom|mergeInto|replaceInto)\s*(?:<[^>()]*>)?\(\s*(?:['"`](\w+)['"`])?/g;
/** Maybe `kf.` or a computed schema, then the name. What is computed as a whole has no name, and counts. */
const name = String.raw`(?:only\s+)?(?:(?:"?kf"?|\$\{[^}]*\})\s*\.\s*)?(?:"?(\w+)"?|\$\{[^}]*\})`;
const statements: readonly (readonly [how: string, pattern: RegExp])[] = [
  ['INSERT', new RegExp(String.raw`\binsert\s+into\s+${name}`, 'gi')],
  ['UPDATE', new RegExp(String.raw`\bupdate\s+${name}\s+(?:as\s+\w+\s+|\w+\s+)?set\b`, 'gi')],
  ['DELETE', new RegExp(String.raw`\bdelete\s+from\s+${name}`, 'gi')],
  ['MERGE', new RegExp(String.raw`\bmerge\s+into\s+${name}`, 'gi')],
  ['TRUNCATE', new RegExp(String.raw`\btruncate\s+(?:table\s+)?${name}`, 'gi')],
  ['COPY', new RegExp(String.raw`\bcopy\s+${name}\s*(?:\([^)]*\)\s*)?from\b`, 'gi')],
];

function writesIn(path: string, text: string): readonly Write[] {
  const calls = [...text.matchAll(builderCall)].map(([, how = '', table = '']) => ({ path, how, table }));
  const sql = statements.flatMap(([how, pattern]) =>
    [...text.matchAll(pattern)].map(([, table = '']) => ({ path, how, table })),
  );
  // A builder only knows tables of ours. SQL may name the bookkeeping of migrations, which is none of them.
  const isOurs = ({ table }: Write): boolean => table === '' || tableNames.some((own) => own === table.toLowerCase());
  return [...calls, ...sql.filter(isOurs)];
}

const isAllowed = (write: Write): boolean =>
  allowances.some(({ path, how, table }) => path === write.path && how === write.how && table === write.table);

function writing(label: string, write: { readonly path: string; readonly text: string }): Saboteur<Repository> {
  const { path, text } = write;
  return { name: label, mentions: path, apply: async ({ files }) => void files.set(path, text) };
}

export const writesInCommands: Check<Repository> = {
  id: 'tier-boundaries.writes-in-commands',
  family: 'tier-boundaries',
  claim:
    'Only packages/commands writes tables of kf; besides it, only the worker clears the queue of expiries, in one file.',
  mechanism:
    'each source and migration of packages and apps that a process may run, read for calls of the query builder and for SQL that write',
  subject: 'repository',
  async run(repository) {
    const evidence = gatherEvidence();
    const allowed: Write[] = [];
    for (const [path, text] of runningSources(repository)) {
      if (!/^(?:packages|apps)\//.test(path)) continue;
      const writes = writesIn(path, text);
      if (path.startsWith(writer)) {
        evidence.see('writes of packages/commands', writes.length);
        continue;
      }
      evidence.see('other files');
      for (const write of writes) {
        if (isAllowed(write)) allowed.push(write);
        else evidence.violation(`${path} writes: ${write.how} ${write.table || 'of a computed table'}`);
      }
    }
    for (const { path, how, table } of allowances) {
      evidence.see('allowances');
      const count = allowed.filter((write) => write.path === path).length;
      if (count > 1) evidence.violation(`${path}: ${how} ${table} stands there ${count} times, and one is known`);
      if (count === 0) evidence.note(`${path}: ${how} ${table} is allowed and no longer there`);
      if (tableOf(table).kind !== 'queue') evidence.violation(`${table} is no queue, so its rows need a receipt`);
    }
    return evidence.finding(['writes of packages/commands', 'other files', 'allowances']);
  },
  saboteurs: [
    writing('an app writes an entity with the query builder', {
      path: 'apps/console-api/src/shortcut.ts',
      text: "await db\n  .updateTable('inventory_levels')\n  .set({ on_hand: 1 })\n  .execute();\n",
    }),
    writing('a package writes a table whose name is computed', {
      path: 'packages/runtime/src/anything.ts',
      text: 'await db.insertInto(table).values(row).execute();\n',
    }),
    writing('an app sends SQL that inserts', {
      path: 'apps/ingest/src/raw.ts',
      text: 'await client.query(`\n  INSERT  INTO "kf"."domain_events" (id) VALUES ($1)`);\n',
    }),
    writing('a package sends SQL that updates', {
      path: 'packages/events/src/raw.ts',
      text: 'await sql`update ${schema}.reservations as r set status = 1`.execute(db);\n',
    }),
    writing('a migration changes rows', {
      path: 'packages/schema/src/migrations/9999-rows.sql',
      text: 'delete from only kf.variants;\n',
    }),
    writing('the worker clears another table', {
      path: 'apps/worker/src/sweeper/clear-buckets.ts',
      text: "await db.deleteFrom('reservations').execute();\n",
    }),
    writing('the worker clears the queue in another file as well', {
      path: 'apps/worker/src/sweeper/clear-more.ts',
      text: "await db.deleteFrom('expiry_schedule').execute();\n",
    }),
  ],
};
