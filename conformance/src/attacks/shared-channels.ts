import { type Database, runtimeRoles, toId } from '@karmanflow/schema';
import type { Check, Saboteur } from '../harness/check.ts';
import { sabotage } from '../harness/sabotage.ts';
import { asRole, type Outcome, refusedWith, succeeded } from '../harness/session.ts';
import { conditionOf, primaryKeyOf, qualified } from '../world/statements.ts';
import { homeOf, sharedRow } from '../world/world.ts';
import { accessOf } from './access.ts';
import { type Attack, attackCheck } from './attack-check.ts';

const role = 'kf_command';

/** Case 72: nobody can stop the others by locking a table, and nobody waits for a row for ever. */
async function lockTables({ target, world, expect, tables }: Attack): Promise<void> {
  for (const locker of runtimeRoles) {
    await asRole(target, locker, async (session) => {
      for (const table of tables) {
        // Whoever removes rows may lock the table: a system role, whose work it is and which serves no tenant's requests.
        const { drains, expires } = accessOf(locker, table);
        if (drains || expires) continue;
        await session.enter(homeOf(world, table));
        for (const mode of ['ACCESS EXCLUSIVE', 'EXCLUSIVE', 'SHARE']) {
          const outcome = await session.probe(`LOCK TABLE ${qualified(table)} IN ${mode} MODE NOWAIT`);
          expect.refused({ caseName: '72 LOCK TABLE', where: `${table} as ${locker}` }, outcome, '42501');
        }
      }
    });
  }
}

async function waitForRow(attack: Attack): Promise<void> {
  const { target, world, expect } = attack;
  const row = sharedRow(world.here, 'variants');
  const key = conditionOf(primaryKeyOf('variants'), row);
  const enter = [
    `SET LOCAL kf.tenant_id = '${world.here.tenantId}'`,
    `SET LOCAL kf.environment_id = '${world.here.environmentId}'`,
  ];
  const lock = async (database: Database, meanwhile: () => Promise<void>): Promise<Outcome> =>
    database.connection(async (client) => {
      await client.query('BEGIN');
      for (const statement of enter) await client.query(statement);
      const outcome = await client
        .query(`SELECT FROM ${qualified('variants')} WHERE ${key.sql} FOR UPDATE`, [...key.values])
        .then(succeeded, refusedWith);
      await meanwhile();
      await client.query('ROLLBACK');
      return outcome;
    });
  const usual = target.openPool({ role, connectionsMax: 1 });
  const hasty = target.openPool({ role, connectionsMax: 1, settings: { lock_timeout: '50' } });
  try {
    await usual.connection(async (client) => {
      for (const name of ['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout']) {
        const bounded = await client
          .query(`SELECT WHERE current_setting('${name}') <> '0'`)
          .then(succeeded, refusedWith);
        expect.rowCount({ caseName: '72 waits are bounded', where: name }, bounded, 1);
      }
    });
    await lock(usual, async () => {
      const second = await lock(hasty, async () => undefined);
      expect.refused(
        { caseName: '72 waits are bounded', where: 'a row that another transaction holds' },
        second,
        '55P03',
      );
    });
  } finally {
    await Promise.all([usual.close(), hasty.close()]);
  }
}

/** Case 73: statements carry no values, and another role does not see them at all. */
async function readActivity({ target, world, evidence, expect }: Attack): Promise<void> {
  const caseName = '73 pg_stat_activity';
  const marker = 'a-value-of-tenant-a';
  const activity = `SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = '${role}'`;
  const scope = {
    tenantId: toId('tenant', world.here.tenantId),
    environmentId: toId('environment', world.here.environmentId),
  };
  const database = target.openPool({ role, connectionsMax: 2 });
  try {
    await database.read(scope, async (db) => {
      await db.selectFrom('variants').select('id').where('sku', '=', marker).execute();
      const { rows } = await database.connection((client) => client.query<{ query: string }>(activity));
      const statements = rows.map(({ query }) => query).filter((query) => query.includes('variants'));
      evidence.see(caseName, statements.length);
      for (const query of statements) {
        if (query.includes(marker)) evidence.violation(`${caseName}: another session reads a value in "${query}"`);
      }
      const others = await asRole(target, 'kf_read', (session) =>
        session.probe(`${activity} AND query <> '<insufficient privilege>'`),
      );
      expect.rowCount({ caseName: '73 as another role', where: 'kf_read' }, others, 0);
    });
  } finally {
    await database.close();
  }
}

/** Cases 70 and 71, and what else a database shares: tried, so that the list of residual channels is what is there. */
async function recordResiduals({ target, evidence }: Attack): Promise<void> {
  const channels: [name: string, sql: string][] = [
    ['70 NOTIFY reaches every session of the database', "SELECT pg_notify('kf', 'x')"],
    ['71 advisory locks share one space of keys', 'SELECT pg_try_advisory_xact_lock(1)'],
    ['large objects belong to the role, not to a tenant', "SELECT lo_from_bytea(0, 'x')"],
    [
      'table sizes and row estimates are of all tenants',
      "SELECT pg_total_relation_size('kf.variants'), reltuples FROM pg_class WHERE oid = 'kf.variants'::regclass",
    ],
    ['transaction ids advance with everybody’s writes', 'SELECT pg_current_xact_id()'],
    ['counters of tables are of all tenants', "SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'variants'"],
  ];
  await asRole(target, role, async (session) => {
    for (const [name, sql] of channels) {
      const outcome = await session.probe(sql);
      evidence.see('70 and 71 residual channels');
      evidence.note(
        `residual: ${name} (${outcome.refused ? `refused, ${outcome.refused.sqlState}` : 'open to direct SQL'})`,
      );
    }
  });
}

type Reader = Parameters<Parameters<Database['read']>[1]>[0];
type Plugin = Parameters<Reader['withPlugin']>[0];

/** The query tree with each bound value written into the text, as a careless query builder would. */
function inlined<T>(node: T): T {
  if (Array.isArray(node)) return node.map(inlined) as T; // An array of the same nodes.
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, inlined(value)]));
  return (copy['kind'] === 'ValueNode' ? { ...copy, immediate: true } : copy) as T; // The same shape, with one flag more.
}

const inlining: Plugin = {
  transformQuery: ({ node }) => inlined(node),
  transformResult: async ({ result }) => result,
};

const literalValues: Saboteur = {
  name: 'statements carry their values as text',
  mentions: '73 pg_stat_activity',
  tables: ['variants'],
  async apply(target) {
    const honest = target.openPool;
    target.openPool = (options) => {
      const database = honest(options);
      return { ...database, read: (scope, work) => database.read(scope, (db) => work(db.withPlugin(inlining))) };
    };
  },
};

const endlessWaits: Saboteur = {
  name: 'connections wait for locks without end',
  mentions: '72 waits are bounded, lock_timeout',
  tables: ['variants'],
  async apply(target) {
    const honest = target.openPool;
    target.openPool = (options) => honest({ ...options, settings: { lock_timeout: '0', ...options.settings } });
  },
};

export const sharedChannelAttacks: Check = attackCheck({
  id: 'tenancy.shared-channels-bounded',
  claim:
    'What Postgres shares between tenants carries none of their values, and no tenant’s session can hold up the others without bound.',
  mechanism:
    'column grants allow no table lock; timeouts on each connection; bound values; attack cases 70 to 73, with the residual channels listed',
  cases: [
    '70 and 71 residual channels',
    '72 LOCK TABLE',
    '72 waits are bounded',
    '73 pg_stat_activity',
    '73 as another role',
  ],
  async run(attack) {
    await recordResiduals(attack);
    await lockTables(attack);
    await waitForRow(attack);
    await readActivity(attack);
  },
  saboteurs: [
    sabotage(
      {
        name: 'a whole table may be updated, and so locked',
        mentions: '72 LOCK TABLE, locations as kf_command',
        tables: ['locations'],
      },
      'GRANT UPDATE ON kf.locations TO kf_command',
    ),
    endlessWaits,
    literalValues,
  ],
});
