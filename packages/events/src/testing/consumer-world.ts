import { type Database, openDatabase, type Scope, toUuid } from '@karmanflow/schema';
import {
  type ConsumerDefinition,
  type ConsumerObserver,
  type ConsumerRunner,
  createConsumerRunner,
  type Projection,
} from '../consumers/index.ts';
import type { Upcaster } from '../define-event-versions.ts';
import type { EventEnvelope } from '../envelope.ts';
import { type Crash, type CrashingProcess, crashingConnection } from './crashing-connection.ts';
import { createSequenceWorld, scopeOf, type SequenceWorld } from './sequence-world.ts';

export interface RunnerOptions {
  readonly database?: Database;
  readonly observer?: ConsumerObserver;
  readonly upcast?: Upcaster;
  readonly ownerId?: string;
}

export interface TestRunner extends ConsumerRunner {
  /** Looks until nothing more waits that can be done; every pause between tries is over at once. */
  catchUp(): Promise<void>;
}

export interface ConsumerWorld extends SequenceWorld {
  readonly workers: Database;
  /** A projection that writes a row for each event, in the order in which they came; doing one twice shows. */
  readonly listing: Projection;
  /** A stream of its own for a test, and a name for a consumer of its own: consumers follow every stream that there is. */
  newStream(
    events: readonly number[],
  ): Promise<{ readonly scope: Scope; readonly name: string; readonly stream: string[] }>;
  /** Event ids as the projection has them for an environment (UUIDs). */
  listed(scope: Scope): Promise<string[]>;
  runner(consumers: readonly ConsumerDefinition[], options?: RunnerOptions): TestRunner;
  /** Everybody who holds a claim is taken for dead from now on. */
  expireLeases(): Promise<void>;
}

export async function createConsumerWorld(): Promise<ConsumerWorld> {
  const world = await createSequenceWorld();
  const workers = openDatabase({
    url: world.testDatabase.urlFor('kf_worker'),
    applicationName: 'kf-test-consumers',
    connectionsMax: 12,
  });
  await world.admin.query(
    'create table kf.listed (place bigserial primary key, tenant_id uuid, environment_id uuid, event_id uuid not null);' +
      ' grant select, insert, delete on kf.listed to kf_worker; grant usage on sequence kf.listed_place_seq to kf_worker',
  );
  const listing: Projection = {
    async apply({ scope, send }, events) {
      const pair = [toUuid(scope.tenantId), toUuid(scope.environmentId)];
      await send(
        events.map(({ event }) => ({
          text: 'INSERT INTO kf.listed (tenant_id, environment_id, event_id) VALUES ($1, $2, $3)',
          values: [...pair, toUuid(event.eventId)],
        })),
      );
    },
    async clear({ scope, send }) {
      await send([
        {
          text: 'DELETE FROM kf.listed WHERE tenant_id = $1 AND environment_id = $2',
          values: [toUuid(scope.tenantId), toUuid(scope.environmentId)],
        },
      ]);
    },
  };

  let streams = 0;
  return {
    ...world,
    workers,
    listing,
    async newStream(events) {
      streams += 1;
      const scope = scopeOf(100 + streams, 1);
      await world.write({ scope, events });
      await world.drain();
      return { scope, name: `consumer_${streams}`, stream: await world.stream(scope) };
    },
    async listed({ tenantId, environmentId }) {
      const { rows } = await world.admin.query(
        'select event_id from kf.listed where tenant_id = $1 and environment_id = $2 order by place',
        [toUuid(tenantId), toUuid(environmentId)],
      );
      return rows.map(({ event_id: eventId }) => eventId);
    },
    runner(
      consumers,
      { database = workers, observer, upcast = (event: EventEnvelope) => event, ownerId = Bun.randomUUIDv7() } = {},
    ) {
      let hours = 0;
      const runner = createConsumerRunner({
        database,
        consumers,
        upcast,
        ownerId,
        monotonicNow: () => hours * 3_600_000,
        ...(observer ? { observer } : {}),
      });
      const signal = new AbortController().signal;
      return {
        ...runner,
        look: (until) => ((hours += 1), runner.look(until)),
        async catchUp() {
          // One look more than any number of tries takes, for what begins to wait during the last of them.
          for (let idle = 0; idle < 7; idle += 1) {
            hours += 1;
            if (await runner.look(signal)) idle = -1;
          }
        },
      };
    },
    async expireLeases() {
      await world.admin.query("update kf.consumer_tracks set lease_until = now() - interval '1 second'");
    },
    async close() {
      await workers.close();
      await world.close();
    },
  };
}

/** The database of a process that dies at one of its statements, over whichever connection. Reading the stream counts as none. */
export function crashingDatabase(database: Database, crash: Crash, state: CrashingProcess): Database {
  return {
    ...database,
    read: (scope, work) => (state.dead ? Promise.reject(new Error('the process died')) : database.read(scope, work)),
    connection: (work) =>
      state.dead
        ? Promise.reject(new Error('the process died'))
        : database.connection((connection, discard) => work(crashingConnection(connection, crash, state), discard)),
  };
}
