import { afterAll, beforeAll } from 'bun:test';
import type { Scope } from '@karmanflow/schema';
import { type Removal, type RemovalInput, removeEnded } from '../retention/remove-ended.ts';
import { scopeOf } from './dispatch-fixtures.ts';
import { createDispatchWorld, type DispatchWorld } from './dispatch-world.ts';
import { type Answer, type TestWorker, testWorker } from './test-worker.ts';

/** A subscription of one tenant whose deliveries grow old. */
export interface HistoryPlace {
  readonly scope: Scope;
  readonly subscriptionId: string;
  readonly worker: TestWorker;
  /** One event of one thing for each letter. */
  write(letters: string): Promise<string[]>;
  /** Sends until nothing is claimed any more, and answers what was sent, as `ordinal<previous`. */
  sendAll(answer?: Answer): Promise<string[]>;
  /** Makes deliveries older by so many days. Their ids begin with their time, so they get others. `where` is SQL about `d`. */
  age(days: number, where?: string): Promise<void>;
  setState(ordinals: readonly number[], state: string): Promise<void>;
  recover(recovery: Readonly<Record<string, unknown>>): Promise<string>;
  /** One piece of the removal of what ended 30 days ago. */
  piece(input?: Partial<RemovalInput>): Promise<Removal>;
  /** What is there, as `ordinal STATE` in the order of the stream. */
  history(): Promise<string[]>;
  attempts(): Promise<number>;
}

export const dayMilliseconds = 86_400_000;
export const longAgo = (): number => Date.now() - 30 * dayMilliseconds;

/** The id that a delivery has once it has been made older. */
const agedId = (id: string): string => `overlay(${id}::text placing '000' from 1 for 3)::uuid`;

/** One world for the tests of a file; each place in it belongs to a tenant of its own. */
export function historyWorld(): { readonly world: () => DispatchWorld; readonly begin: () => Promise<HistoryPlace> } {
  let world: DispatchWorld;
  let tenant = 200;
  beforeAll(async () => {
    world = await createDispatchWorld();
  });
  afterAll(() => world.close());
  return {
    world: () => world,
    begin: () => {
      tenant += 1;
      return beginHistory(world, scopeOf(tenant));
    },
  };
}

async function beginHistory(world: DispatchWorld, scope: Scope): Promise<HistoryPlace> {
  const subscriptionId = await world.subscribe(scope, {});
  const worker = testWorker(world, { scope, subscriptionId });
  await worker.visited();

  return {
    scope,
    subscriptionId,
    worker,
    write: (letters) =>
      world.write(
        scope,
        [...letters].map((letter) => ({ entities: [letter] })),
      ),
    async sendAll(answer = 'ok') {
      const sent: string[] = [];
      await worker.visited();
      while (worker.held.length > 0) {
        for (const delivery of worker.held.slice()) {
          sent.push(`${delivery.sequence.ordinal}<${delivery.sequence.previous}`);
          worker.end(delivery, answer);
        }
        await worker.visited();
      }
      return sent;
    },
    async age(days, where = 'true') {
      await world.admin.query('begin');
      // The reference of attempts to deliveries is kept by hand.
      await world.admin.query("set local session_replication_role = 'replica'");
      await world.admin.query('alter table kf.webhook_attempts disable trigger refuse_change');
      await world.admin.query(
        `with old as (update kf.webhook_deliveries d set id = ${agedId('d.id')}, admitted_at = d.admitted_at - $2::interval,
            ended_at = d.ended_at - $2::interval, predecessors = array(select ${agedId('p')} from unnest(d.predecessors) p)
            where d.subscription_id = $1 and ${where} returning d.id)
          update kf.webhook_attempts a set delivery_id = old.id, started_at = a.started_at - $2::interval
            from old where ${agedId('a.delivery_id')} = old.id`,
        [subscriptionId, `${days} days`],
      );
      await world.admin.query('alter table kf.webhook_attempts enable always trigger refuse_change');
      await world.admin.query('commit');
    },
    async setState(ordinals, state) {
      await world.admin.query(
        'update kf.webhook_deliveries set state = $3 where subscription_id = $1 and ordinal = any($2::bigint[])',
        [subscriptionId, ordinals, state],
      );
    },
    async recover(recovery) {
      const recoveryId = await world.recover(scope, { subscription_id: subscriptionId, ...recovery });
      await world.decide(subscriptionId, {});
      return recoveryId;
    },
    piece: (input = {}) =>
      world.database.connection((connection) =>
        removeEnded(connection, {
          scope,
          subscriptionId,
          endedBeforeMilliseconds: longAgo(),
          afterId: null,
          ...input,
        }),
      ),
    async history() {
      const rows = await world.rows('webhook_deliveries', subscriptionId);
      return rows.map(({ ordinal, state }) => `${ordinal} ${state}`);
    },
    attempts: async () => (await world.rows('webhook_attempts', subscriptionId)).length,
  };
}
