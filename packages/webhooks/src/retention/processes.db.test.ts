import { expect, setDefaultTimeout, test } from 'bun:test';
import type { Connection } from '@karmanflow/events';
import { crashingConnection } from '@karmanflow/events/testing';
import { historyWorld, type HistoryPlace, longAgo } from '../testing/history-place.ts';
import { type Removal, removeEnded } from './remove-ended.ts';

setDefaultTimeout(120_000);
const { world, begin } = historyWorld();

const inputOf = ({ scope, subscriptionId }: HistoryPlace) => ({
  scope,
  subscriptionId,
  endedBeforeMilliseconds: longAgo(),
  afterId: null,
});

async function deliverAndAge(begun: HistoryPlace, letters: string): Promise<void> {
  await begun.write(letters);
  await begun.sendAll();
  await begun.age(40);
}

test('that remove the same at once wait for nobody, and each delivery goes once', async () => {
  const begun = await begin();
  await deliverAndAge(begun, 'abcdefghijkl');
  const removals = await Promise.all([begun.piece(), begun.piece(), begun.piece()]);
  const total = (pick: (removal: Removal) => number): number => removals.reduce((sum, one) => sum + pick(one), 0);
  expect([total(({ deliveries }) => deliveries), total(({ attempts }) => attempts)]).toEqual([12, 12]);
  expect(await begun.history()).toEqual([]);
});

test('that visit, or remove as well, are not held up by one that removes', async () => {
  const begun = await begin();
  await deliverAndAge(begun, 'ab');
  await begun.write('ab');
  let visited: readonly unknown[] = [];
  let other: Removal | undefined;
  const removal = await world().database.connection((connection) =>
    removeEnded(
      watched(connection, async (text) => {
        if (text !== 'COMMIT') return;
        // Everything is removed, and the transaction is not over yet.
        visited = (await begun.worker.visited()).claimed;
        other = await begun.piece();
      }),
      inputOf(begun),
    ),
  );
  expect(visited).toHaveLength(2);
  expect([removal.deliveries, other?.deliveries]).toEqual([2, 0]);
  expect(await begun.history()).toEqual(['3 SENDING', '4 SENDING']);
});

test('that die at any statement leave everything there, or have removed all of it', async () => {
  const begun = await begin();
  const statements: string[] = [];
  await deliverAndAge(begun, 'ab');
  await world().database.connection((connection) =>
    removeEnded(
      watched(connection, async (text) => void statements.push(text)),
      inputOf(begun),
    ),
  );
  expect(statements.length).toBeGreaterThan(6);
  expect(statements.at(-1)).toBe('COMMIT');
  await deliverAndAge(begun, 'ab');
  for (const at of statements.keys()) {
    for (const when of ['before', 'behind'] as const) {
      let pid: unknown;
      const died = world().database.connection(async (connection) => {
        ({ pid } = (await connection.query('select pg_backend_pid() as pid')).rows[0]);
        await removeEnded(crashingConnection(connection, { statement: at + 1, when }), inputOf(begun));
      });
      await expect(died).rejects.toThrow();
      while ((await world().admin.query('select from pg_stat_activity where pid = $1', [pid])).rowCount !== 0);
      const left = (await begun.history()).length;
      expect({ at, when, attempts: await begun.attempts() }).toEqual({ at, when, attempts: left });
      // A COMMIT that was sent and never answered may have gone through.
      expect(when === 'behind' && statements[at] === 'COMMIT' ? [0, 2] : [2]).toContain(left);
      if (left === 0) await deliverAndAge(begun, 'ab');
    }
  }
  expect(await begun.piece()).toMatchObject({ deliveries: 2, attempts: 2 });
});

/** Tells somebody of each statement before it is sent, and waits for them. Statements keep their order. */
function watched(connection: Connection, before: (text: string) => Promise<void>): Connection {
  let line = Promise.resolve();
  const query = (...args: Parameters<Connection['query']>): Promise<unknown> => {
    // Everything that is removed is a statement with a text, and answered by a promise; the driver has further forms.
    const [statement] = args as unknown as [{ readonly text: string }];
    const told = line.then(() => before(statement.text));
    line = told.catch(() => undefined);
    return told.then(() => connection.query(...args) as unknown as Promise<unknown>);
  };
  return new Proxy(connection, { get: (target, name) => (name === 'query' ? query : Reflect.get(target, name)) });
}
