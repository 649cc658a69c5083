import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestTenant } from '@karmanflow/commands/testing';
import { decodeEvent, type EventEnvelope } from '@karmanflow/events';
import { createFolderArchive, createLogger, createMetrics, renderMetrics } from '@karmanflow/runtime';
import { captureLog, waitUntil } from '@karmanflow/runtime/testing';
import { type Database, openDatabase, type Scope, toId, toUuid } from '@karmanflow/schema';
import { createSequencerWorld, type SequencerWorld } from '../sequencer/testing/sequencer-world.ts';
import type { Connector } from './open-connectors.ts';
import { operateConnector } from './operate-connector.ts';
import { createLakeConsumer } from './lake/lake-consumer.ts';
import { type LakeLine, readLakeDay } from './lake/read-lake-day.ts';
import { createPubsubConsumer } from './pubsub/pubsub-consumer.ts';
import { createTopicPublisher } from './pubsub/topic-publisher.ts';
import { type Connectors, startConnectors } from './start-connectors.ts';
import { type PubsubServer, startPubsubServer } from './testing/pubsub-server.ts';

setDefaultTimeout(120_000);

const topic = 'projects/sample-project/topics/events';
const credentialsBefore = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
let world: SequencerWorld;
let tenant: TestTenant;
let workers: Database;
let server: PubsubServer;
let directory: string;
beforeAll(async () => {
  world = await createSequencerWorld();
  tenant = await world.world.createTenant('Acme');
  workers = openDatabase({
    url: world.world.testDatabase.urlFor('kf_worker'),
    applicationName: 'kf-test-connectors',
    connectionsMax: 6,
  });
  server = await startPubsubServer({ topic });
  process.env['GOOGLE_APPLICATION_CREDENTIALS'] = server.credentialsPath;
  directory = await mkdtemp(join(tmpdir(), 'kf-connectors-'));
});
afterAll(async () => {
  if (credentialsBefore === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
  else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = credentialsBefore;
  await workers.close();
  await server.stop();
  await world.close();
  await rm(directory, { recursive: true });
});

const until = (what: string, condition: () => Promise<boolean>): Promise<void> =>
  waitUntil({ what, condition, deadlineMilliseconds: 60_000 });

function start(names: readonly Connector['name'][]) {
  const capture = captureLog();
  const metrics = createMetrics({ app: 'worker' });
  const publisher = createTopicPublisher({ topic, endpoint: server.origin });
  const all: Connector[] = [
    {
      name: 'google_pubsub',
      consumer: createPubsubConsumer(publisher),
      idlePauseMilliseconds: 20,
      close: () => publisher.close(),
    },
    {
      name: 'data_lake',
      consumer: createLakeConsumer(createFolderArchive({ directory })),
      idlePauseMilliseconds: 20,
      close: async () => undefined,
    },
  ];
  const connectors: Connectors = startConnectors({
    database: workers,
    connectors: all.filter(({ name }) => names.includes(name)),
    logger: createLogger({ app: 'worker', level: 'info', destination: capture.destination }),
    metrics,
    monotonicNow: () => performance.now(),
    ownerId: Bun.randomUUIDv7(),
  });
  const value = async (name: string, label: string): Promise<number | null> => {
    const { body } = await renderMetrics(metrics, null);
    const line = body.split('\n').find((one) => one.startsWith(`${name}{`) && one.includes(label));
    return line === undefined ? null : Number(line.split(' ').at(-1));
  };
  return { connectors, value, lines: () => capture.lines() };
}

interface Stored {
  readonly scope: Scope;
  readonly seq: number;
  readonly event: EventEnvelope;
}

/** The streams as they are stored, environment by environment. */
async function streams(): Promise<Stored[]> {
  const { rows } = await world.admin.query(
    `select s.tenant_id, s.environment_id, s.seq, e.body from kf.stream_events s
      join kf.domain_events e on e.tenant_id = s.tenant_id and e.id = s.event_id order by 1, 2, 3`,
  );
  return rows.map((row) => ({
    scope: { tenantId: toId('tenant', row.tenant_id), environmentId: toId('environment', row.environment_id) },
    seq: Number(row.seq),
    event: decodeEvent(row.body),
  }));
}

const positionsOf = async (consumer: string): Promise<number> =>
  Number(
    (
      await world.admin.query('select coalesce(sum(seq), 0) as n from kf.consumer_tracks where consumer = $1', [
        consumer,
      ])
    ).rows[0].n,
  );

describe('events for others', () => {
  test('reach the topic in the order of each entity, and the lake under their days, over failures and a new process', async () => {
    await world.issue(tenant, 20);
    await world.sequence();
    server.failNext('lost_answer', 'unavailable', 'too_few_ids', 'permission_denied');
    const first = start(['google_pubsub', 'data_lake']);
    const stored = await streams();
    expect(stored.length).toBeGreaterThan(20);
    const isThrough = async (): Promise<boolean> => {
      const total = (await streams()).length;
      return (await positionsOf('google_pubsub')) === total && (await positionsOf('data_lake')) === total;
    };
    await until('everything was taken', isThrough);
    expect(await first.value('kf_consumer_failures_total', 'google_pubsub')).toBeGreaterThan(0);
    await until('the lag is gone', async () => (await first.value('kf_consumer_lag_events', 'google_pubsub')) === 0);
    await first.connectors.stop();

    await world.issue(tenant, 20);
    await world.sequence();
    const second = start(['google_pubsub', 'data_lake']);
    await until('the next process took over', isThrough);
    await second.connectors.stop();
    expect(await second.value('kf_consumer_events_total', 'data_lake')).toBe((await streams()).length - stored.length);

    const all = await streams();
    const ids = new Set(all.map(({ event }) => event.eventId));
    const received = server.messages.map(({ data, attributes, orderingKey }) => ({
      event: JSON.parse(data) as EventEnvelope,
      attributes,
      orderingKey,
    }));
    expect(new Set(received.map(({ event }) => event.eventId))).toEqual(ids);
    // Repetitions there may be, since answers were lost; without them each key has the order of the stream.
    for (const [key, messages] of Map.groupBy(received, ({ orderingKey }) => orderingKey)) {
      const once = [...new Map(messages.map((message) => [message.event.eventId, message])).values()];
      const seqs = once.map(({ attributes }) => Number(attributes['seq']));
      expect({ key, seqs }).toEqual({ key, seqs: seqs.toSorted((one, other) => one - other) });
    }
    const [sample] = received;
    const original = all.find(({ event }) => event.eventId === sample?.event.eventId);
    expect(sample?.event).toEqual(original?.event as EventEnvelope);
    expect(sample?.attributes).toMatchObject({ eventType: sample?.event.eventType, seq: String(original?.seq) });

    for (const [, ofDay] of Map.groupBy(all, placeOf)) {
      const [{ scope, event }] = ofDay as [Stored];
      const lines = await readLakeDay(createFolderArchive({ directory }), {
        scope,
        day: event.occurredAt.slice(0, 10),
      });
      expect(lines).toEqual(ofDay.map(({ seq, event: one }): LakeLine => ({ seq, event: one })));
    }
  });

  test('a receiver that is away holds up its own connector and no other, and somebody is told', async () => {
    await world.issue(tenant, 5);
    await world.sequence();
    const total = (await streams()).length;
    const before = server.messages.length;
    server.failNext(...Array.from({ length: 1_000 }, () => 'unavailable' as const));
    const { connectors, value, lines } = start(['google_pubsub', 'data_lake']);
    await until('the lake has all', async () => (await positionsOf('data_lake')) === total);
    await until('the topic failed', async () => ((await value('kf_consumer_failures_total', 'later')) ?? 0) > 0);
    expect(await positionsOf('google_pubsub')).toBeLessThan(total);
    expect(server.messages).toHaveLength(before);
    await until('the lag is seen', async () => ((await value('kf_consumer_lag_events', 'google_pubsub')) ?? 0) > 0);
    expect(lines().some((line) => line['consumer'] === 'google_pubsub')).toBe(true);
    server.failNext();
    await until('the topic has all', async () => (await positionsOf('google_pubsub')) === total);
    await connectors.stop();
  });
});

test('somebody looks at a connector, pauses it, rewinds it and lets it go on, from the command line', async () => {
  const [tenantId, environmentId] = [tenant.tenantId, tenant.environments.sandbox];
  const operate = (...rest: string[]) => operateConnector(workers, [tenantId, environmentId, ...rest]);
  const { text } = await operate('list');
  const listed = text.split('\n').map((line) => JSON.parse(line));
  expect(listed).toMatchObject([
    { consumer: 'data_lake', track: 'EFFECT', state: 'RUNNING' },
    { consumer: 'google_pubsub', track: 'EFFECT', state: 'RUNNING' },
  ]);
  const { seq } = listed[1];
  expect(await operate('google_pubsub', 'pause')).toEqual({ isDone: true, text: 'done' });
  expect(await operate('google_pubsub', 'pause')).toMatchObject({ isDone: false });
  expect(await operate('google_pubsub', 'rewind', String(seq - 3))).toEqual({ isDone: true, text: 'done' });
  expect(await operate('google_pubsub', 'rewind', '999999')).toMatchObject({
    isDone: false,
    text: 'it has not come that far',
  });
  expect(await operate('google_pubsub', 'resume')).toEqual({ isDone: true, text: 'done' });
  expect(await operate('google_pubsub', 'parked')).toEqual({ isDone: true, text: 'nothing' });
  const before = server.messages.length;
  const { connectors } = start(['google_pubsub']);
  await until('the three are published again', async () => server.messages.length === before + 3);
  await connectors.stop();
  for (const wrong of [
    [],
    ['x', 'y', 'list'],
    [tenantId, environmentId, 'other', 'pause'],
    [tenantId, environmentId, 'data_lake', 'retry', 'x'],
  ])
    expect((await operateConnector(workers, wrong)).text).toContain('operate.ts <tenant id>');
});

function placeOf({ scope, event }: Stored): string {
  return `${toUuid(scope.tenantId)} ${toUuid(scope.environmentId)} ${event.occurredAt.slice(0, 10)}`;
}
