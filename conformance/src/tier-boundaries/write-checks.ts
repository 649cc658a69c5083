import { tableNames, tableOf } from '@karmanflow/schema';
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

/** What is written without a command, by whom and where. None of it is an entity or a fact, so it needs no receipt. */
interface Allowance {
  readonly name: string;
  /** The file, or the folder with a slash at its end. */
  readonly path: string;
  readonly allows: (write: Write) => boolean;
  /** How many such writes may stand there; any number unless given. */
  readonly countMax?: number;
}

const kindOf = (table: string): string | null => {
  const known = tableNames.find((own) => own === table);
  return known === undefined ? null : tableOf(known).kind;
};

const allowances: readonly Allowance[] = [
  {
    name: 'the worker removes minutes that are over from its queue',
    path: 'apps/worker/src/sweeper/clear-buckets.ts',
    allows: ({ how, table }) => how === 'deleteFrom' && table === 'expiry_schedule',
    countMax: 1,
  },
  {
    name: 'the sequencer gives positions to what was committed, and empties its queue',
    path: 'packages/events/src/sequence/',
    allows: ({ how, table }) =>
      (how === 'INSERT' && kindOf(table) === 'sequence') || (how === 'DELETE' && table === 'log_pending'),
  },
  {
    name: 'whoever delivers webhooks keeps its place in the stream, its deliveries and what came of them',
    path: 'packages/webhooks/src/dispatch/',
    allows: ({ how, table }) =>
      (how === 'INSERT' || how === 'UPDATE') && table.startsWith('webhook_') && kindOf(table) === 'delivery',
  },
  {
    name: 'whoever delivers webhooks removes what was over long ago from its history',
    path: 'packages/webhooks/src/retention/remove-ended.ts',
    allows: ({ how, table }) => how === 'DELETE' && (table === 'webhook_deliveries' || table === 'webhook_attempts'),
    countMax: 2,
  },
  {
    name: 'a durable consumer keeps its place in the stream, and what it set aside',
    path: 'packages/events/src/consumers/',
    allows: ({ how, table }) =>
      (how === 'INSERT' || how === 'UPDATE') && table.startsWith('consumer_') && kindOf(table) === 'delivery',
  },
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

const allowanceOf = (write: Write): Allowance | undefined =>
  allowances.find(
    ({ path, allows }) => (path.endsWith('/') ? write.path.startsWith(path) : write.path === path) && allows(write),
  );

function writing(label: string, write: { readonly path: string; readonly text: string }): Saboteur<Repository> {
  const { path, text } = write;
  return { name: label, mentions: path, apply: async ({ files }) => void files.set(path, text) };
}

export const writesInCommands: Check<Repository> = {
  id: 'tier-boundaries.writes-in-commands',
  family: 'tier-boundaries',
  claim:
    'Only packages/commands writes tables of kf; besides it, only the worker clears its queue, in one file, and only the sequencer and whoever delivers write what they alone keep, each in one folder.',
  mechanism:
    'each source and migration of packages and apps that a process may run, read for calls of the query builder and for SQL that write',
  subject: 'repository',
  async run(repository) {
    const evidence = gatherEvidence();
    const allowed = new Map<Allowance, number>();
    for (const [path, text] of runningSources(repository)) {
      if (!/^(?:packages|apps)\//.test(path)) continue;
      const writes = writesIn(path, text);
      if (path.startsWith(writer)) {
        evidence.see('writes of packages/commands', writes.length);
        continue;
      }
      evidence.see('other files');
      for (const write of writes) {
        const allowance = allowanceOf(write);
        if (allowance) allowed.set(allowance, (allowed.get(allowance) ?? 0) + 1);
        else evidence.violation(`${path} writes: ${write.how} ${write.table || 'of a computed table'}`);
      }
    }
    for (const allowance of allowances) {
      const count = allowed.get(allowance) ?? 0;
      evidence.see('allowances');
      if (count > (allowance.countMax ?? count))
        evidence.violation(`${allowance.path}: ${count} times ${allowance.name}, and ${allowance.countMax} is known`);
      if (count === 0) evidence.note(`${allowance.path}: ${allowance.name} is allowed and no longer there`);
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
    writing('the sequencer changes a position', {
      path: 'packages/events/src/sequence/correct.ts',
      text: 'await sql`update kf.log_leaves set leaf_index = 1`.execute(db);\n',
    }),
    writing('the sequencer writes an entity', {
      path: 'packages/events/src/sequence/shortcut.ts',
      text: 'await sql`insert into kf.approvals (id) values (1)`.execute(db);\n',
    }),
    writing('whoever delivers changes a subscription', {
      path: 'packages/webhooks/src/dispatch/shortcut.ts',
      text: "await client.query(`UPDATE kf.webhook_subscriptions SET state = 'ENABLED'`);\n",
    }),
    writing('whoever delivers forgets how far it has come', {
      path: 'packages/webhooks/src/retention/remove-ended.ts',
      text: 'await client.query(`DELETE FROM kf.webhook_cursors`);\n',
    }),
    writing('history is removed elsewhere', {
      path: 'packages/webhooks/src/dispatch/forget.ts',
      text: 'await client.query(`DELETE FROM ${schemaName}.webhook_attempts WHERE true`);\n',
    }),
    writing('deliveries are written elsewhere', {
      path: 'apps/console-api/src/webhooks/shortcut.ts',
      text: "await client.query(`UPDATE kf.webhook_deliveries SET state = 'DELIVERED'`);\n",
    }),
    writing('positions are given elsewhere', {
      path: 'packages/events/src/positions.ts',
      text: 'await sql`insert into kf.stream_events (seq) values (1)`.execute(db);\n',
    }),
    writing('the worker clears the queue in another file as well', {
      path: 'apps/worker/src/sweeper/clear-more.ts',
      text: "await db.deleteFrom('expiry_schedule').execute();\n",
    }),
  ],
};
