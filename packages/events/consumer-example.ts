import {
  type ConsumerRunner,
  createConsumerRunner,
  createUpcaster,
  defineConsumer,
  defineEvent,
  NotNow,
  pastVersion,
} from '@karmanflow/events';
import { type Database, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';

// Version 1 counted boxes. What was stored then can never be changed, so version 2 says how it is read.
export const shelfCounted = defineEvent({
  type: 'stock.shelf.counted',
  version: 2,
  data: v.strictObject({ shelf: v.string(), pieces: v.number() }),
  past: [
    pastVersion({
      version: 1,
      data: v.strictObject({ shelf: v.string(), boxes: v.number() }),
      upcast: ({ shelf, boxes }) => ({ shelf, pieces: boxes * 12 }),
    }),
  ],
  touches: () => [],
});

// What it writes moves together with its checkpoint: each event is counted exactly once, whatever crashes when.
export const shelfReport = (notify: (text: string) => Promise<boolean>) =>
  defineConsumer({
    name: 'shelf_report',
    filters: { types: [shelfCounted.type] },
    projection: {
      async apply({ scope, send }, events) {
        await send(
          events.map(({ event }) => ({
            text: 'INSERT INTO shelf_counts (tenant_id, environment_id, event_id) VALUES ($1, $2, $3)',
            values: [toUuid(scope.tenantId), toUuid(scope.environmentId), toUuid(event.eventId)],
          })),
        );
      },
      async clear({ scope, send }) {
        const values = [toUuid(scope.tenantId), toUuid(scope.environmentId)];
        await send([{ text: 'DELETE FROM shelf_counts WHERE tenant_id = $1 AND environment_id = $2', values }]);
      },
    },
    // What it does outside comes after that, and at least once. NotNow: nothing is wrong with the events, try again.
    async sideEffect({ events }) {
      for (const { event } of events) if (!(await notify(event.eventId))) throw new NotNow('nobody answers');
    },
    onPoison: 'continue',
  });

interface ProcessPorts {
  readonly database: Database;
  /** A UUID of its own for each process. */
  readonly ownerId: string;
  readonly monotonicNow: () => number;
  readonly notify: (text: string) => Promise<boolean>;
  readonly gauge: (name: string, value: number) => void;
}

// A process calls `look` again and again; any number of them may, and each stream is followed by one at a time.
export function follow({ notify, gauge, ...ports }: ProcessPorts): ConsumerRunner {
  return createConsumerRunner({
    ...ports,
    consumers: [shelfReport(notify)],
    upcast: createUpcaster([shelfCounted]),
    observer: {
      onLag: ({ events, oldestSeconds }) => {
        gauge('lag_events', events);
        gauge('lag_seconds', oldestSeconds);
      },
      onParked: ({ seq, reason }) => void notify(`position ${seq} could not be counted: ${reason}`),
    },
  });
}
