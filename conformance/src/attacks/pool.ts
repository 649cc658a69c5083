import type { Database } from '@karmanflow/schema';
import { Pool, type PoolClient } from 'pg';
import type { Check, Saboteur } from '../harness/check.ts';
import { type Outcome, type PlaceIds, refusedWith, succeeded } from '../harness/session.ts';
import type { OpenPool } from '../harness/target.ts';
import { qualified } from '../world/statements.ts';
import { type Attack, attackCheck } from './attack-check.ts';

const role = 'kf_command';
const scopes = `SELECT tenant_id, environment_id FROM ${qualified('variants')}`;
const look = (client: PoolClient, sql: string): Promise<Outcome> => client.query(sql).then(succeeded, refusedWith);

async function withPool(
  attack: Attack,
  connectionsMax: number,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  const database = attack.target.openPool({ role, connectionsMax });
  try {
    await work(database);
  } finally {
    await database.close();
  }
}

/** Cases 42 and 46: what one borrower leaves on a connection, the next one must not find. */
async function leaveThingsBehind(attack: Attack): Promise<void> {
  const { world, expect } = attack;
  await withPool(attack, 1, async (database) => {
    attack.evidence.see('54 no statement without a scope', Object.keys(database).length);
    const bare = Object.keys(database).filter((name) => ['query', 'execute', 'pool', 'connect'].includes(name));
    if (bare.length > 0)
      attack.evidence.violation(`54 no statement without a scope: the pool offers ${bare.join(', ')}`);
    await database.connection(async (client) => {
      await client.query(`SET kf.tenant_id = '${world.stranger.tenantId}'`);
      await client.query(`SET kf.environment_id = '${world.stranger.environmentId}'`);
      const seen = await look(client, scopes);
      expect.onlyRowsOf({ caseName: '42 control: a session SET works', where: role }, seen, world.stranger);
      await client.query('BEGIN');
      await client.query(`DECLARE kept CURSOR WITH HOLD FOR ${scopes}`);
      await client.query('COMMIT');
    });
    await database.connection(async (client) => {
      expect.rowCount({ caseName: '42 session SET after release', where: role }, await look(client, scopes), 0);
      expect.refused(
        { caseName: '46 held cursor after release', where: role },
        await look(client, 'FETCH ALL FROM kept'),
        '34000',
      );
    });
    const unscoped = await database.unscoped((db) => db.selectFrom('variants').select('id').execute());
    expect.rowCount(
      { caseName: '42 session SET after release', where: 'unscoped()' },
      succeeded({ rows: unscoped, rowCount: unscoped.length }),
      0,
    );
  });
}

/** Numbers that follow from a seed: which scope comes next is arbitrary, and the same on each run. */
function* pseudoRandom(seed: number): Generator<number> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** Case 53: few connections, many tenants, interleaved; some borrowers misbehave. */
async function manyTenants(attack: Attack): Promise<void> {
  const { world, expect } = attack;
  const places: PlaceIds[] = [...world.crowd, world.control, world.strangerControl];
  const random = pseudoRandom(53);
  const order = Array.from({ length: 200 }, () => {
    const place = places[Math.floor(random.next().value * places.length)] ?? world.control;
    return { place, misbehaves: random.next().value < 0.2 };
  });
  await withPool(attack, 2, async (database) => {
    const visit = async ({ place, misbehaves }: (typeof order)[number]): Promise<void> => {
      await database.connection(async (client) => {
        await client.query('BEGIN');
        await client.query(`SET LOCAL kf.tenant_id = '${place.tenantId}'`);
        await client.query(`SET LOCAL kf.environment_id = '${place.environmentId}'`);
        const outcome = await look(client, `SELECT tenant_id, environment_id FROM ${qualified('tenants')}`);
        expect.onlyRowsOf({ caseName: '53 many tenants on two connections', where: place.tenantId }, outcome, place);
        await client.query('COMMIT');
        if (misbehaves) await client.query(`SET kf.tenant_id = '${place.tenantId}'`);
        if (misbehaves) await client.query(`SET kf.environment_id = '${place.environmentId}'`);
      });
      await database.connection(async (client) => {
        const outcome = await look(client, `SELECT FROM ${qualified('tenants')}`);
        expect.rowCount({ caseName: '53 between tenants nothing is visible', where: place.tenantId }, outcome, 0);
      });
    };
    // Four callers at a time share the two connections; more would only wait longer for them.
    const callers = Array.from({ length: 4 }, async (_, caller) => {
      for (const next of order.filter((_next, index) => index % 4 === caller)) await visit(next);
    });
    await Promise.all(callers);
  });
}

/** The pool as one would write it without thinking: what was borrowed is given back as it is. */
const lendWithoutReset =
  (honest: OpenPool, url: string): OpenPool =>
  (options) => {
    const database = honest(options);
    const pool = new Pool({ connectionString: url, max: options.connectionsMax });
    return {
      ...database,
      async connection(work) {
        const client = await pool.connect();
        try {
          return await work(client, () => undefined);
        } finally {
          client.release();
        }
      },
      async close() {
        await pool.end();
        await database.close();
      },
    };
  };

const withoutReset: Saboteur = {
  name: 'the pool lends connections without a reset',
  mentions: '42 session SET after release',
  async apply(target) {
    const url = target.urlFor(role);
    if (url !== null) target.openPool = lendWithoutReset(target.openPool, url);
  },
};

const bareQueries: Saboteur = {
  name: 'the pool offers statements without a scope',
  mentions: '54 no statement without a scope',
  async apply(target) {
    const honest = target.openPool;
    target.openPool = (options) => ({ ...honest(options), query: async () => undefined });
  },
};

export const poolAttacks: Check = attackCheck({
  id: 'tenancy.pool-forgets',
  claim: 'A borrowed connection carries nothing of the borrower before: no setting, no cursor, no context.',
  mechanism: 'openDatabase() resets or destroys each connection on release; attack cases 42, 46, 53 and 54',
  cases: [
    '42 control: a session SET works',
    '42 session SET after release',
    '46 held cursor after release',
    '53 many tenants on two connections',
    '54 no statement without a scope',
    '53 between tenants nothing is visible',
  ],
  async run(attack) {
    await leaveThingsBehind(attack);
    await manyTenants(attack);
  },
  saboteurs: [withoutReset, bareQueries],
});
