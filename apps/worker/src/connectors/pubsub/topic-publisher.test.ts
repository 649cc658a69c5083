import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { NotNow } from '@karmanflow/events';
import { type PubsubFault, type PubsubServer, startPubsubServer } from '../testing/pubsub-server.ts';
import { createTopicPublisher, type TopicMessage, type TopicPublisher } from './topic-publisher.ts';

setDefaultTimeout(90_000);

const topic = 'projects/sample-project/topics/events';
const credentialsBefore = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
let server: PubsubServer;
let publisher: TopicPublisher;
beforeAll(async () => {
  server = await startPubsubServer({ topic });
  // The application default credentials, as in a deployment that is not on Google's machines.
  process.env['GOOGLE_APPLICATION_CREDENTIALS'] = server.credentialsPath;
  publisher = createTopicPublisher({ topic, endpoint: server.origin });
});
afterAll(async () => {
  if (credentialsBefore === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
  else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = credentialsBefore;
  await publisher.close();
  await server.stop();
});

const signal = new AbortController().signal;
let numbers = 0;
const message = (orderingKey: string, text = `${(numbers += 1)}`): TopicMessage => ({
  data: Buffer.from(text),
  attributes: { seq: text.slice(0, 10) },
  orderingKey,
});
const textOf = ({ data }: TopicMessage): string => Buffer.from(data).toString();

test('publishes bytes, attributes and key as they are, each key’s messages in their order', async () => {
  const messages = Array.from({ length: 300 }, (_, at) => message(`key-${at % 7}`));
  await publisher.publish(messages, signal);
  expect(server.messages).toHaveLength(300);
  for (let key = 0; key < 7; key += 1) {
    const ofKey = (one: { orderingKey: string }): boolean => one.orderingKey === `key-${key}`;
    expect(server.messages.filter(ofKey).map(({ data }) => data)).toEqual(messages.filter(ofKey).map(textOf));
  }
  expect(server.messages[0]?.attributes).toEqual({ seq: String(server.messages[0]?.data) });
  expect(new Set(server.requests)).toEqual(new Set([`POST /v1/${topic}:publish`]));
  // One request for each key, since a request has one.
  expect(server.requests).toHaveLength(7);
});

test('keeps within what one request may have, in messages and in bytes', async () => {
  const before = server.messages.length;
  await publisher.publish(
    Array.from({ length: 2_001 }, () => message('many')),
    signal,
  );
  const large = Array.from({ length: 4 }, () => message('large', 'x'.repeat(2_000_000)));
  await publisher.publish(large, signal);
  const sizes = (key: string): number[] => {
    const ofKey = server.messages.slice(before).filter(({ orderingKey }) => orderingKey === key);
    return [...Map.groupBy(ofKey, ({ request }) => request).values()].map((list) => list.length);
  };
  expect(sizes('many')).toEqual([1_000, 1_000, 1]);
  expect(sizes('large')).toEqual([2, 2]);
});

describe('a topic that does not take a message', () => {
  const later: PubsubFault[] = [
    'unavailable',
    'permission_denied',
    'not_found',
    'resource_exhausted',
    'too_few_ids',
    'html_error',
    'lost_answer',
  ];
  test.each(later)('because of %s says nothing against the message', async (fault) => {
    server.failNext(fault);
    await expect(publisher.publish([message('later')], signal)).rejects.toBeInstanceOf(NotNow);
    await publisher.publish([message('later')], signal);
  });

  test('because of what it is, says so', async () => {
    server.failNext('invalid_argument');
    const error = await publisher.publish([message('invalid')], signal).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(NotNow);
  });

  test('gets nothing of the same key behind it, and what was under way has ended', async () => {
    const before = server.messages.length;
    server.failNext('unavailable');
    const messages = Array.from({ length: 3_000 }, () => message('behind'));
    await expect(publisher.publish(messages, signal)).rejects.toBeInstanceOf(NotNow);
    expect(server.messages).toHaveLength(before);
    await publisher.publish(messages, signal);
    expect(server.messages.slice(before).map(({ data }) => data)).toEqual(messages.map(textOf));
  });

  test('because it never answers, is given up on', async () => {
    const hasty = createTopicPublisher({ topic, endpoint: server.origin, deadlineMilliseconds: 300 });
    server.failNext('silence');
    await expect(hasty.publish([message('silence')], signal)).rejects.toBeInstanceOf(NotNow);
    await hasty.close();
  });

  test('because nobody listens, is tried again later', async () => {
    const gone = await startPubsubServer({ topic });
    const { origin } = gone;
    await gone.stop();
    const lonely = createTopicPublisher({ topic, endpoint: origin });
    await expect(lonely.publish([message('lonely')], signal)).rejects.toBeInstanceOf(NotNow);
    await lonely.close();
  });
});

test('a process that stops publishes nothing more, and does not pretend that it had', async () => {
  const stopping = new AbortController();
  stopping.abort();
  const before = server.messages.length;
  await expect(publisher.publish([message('stopped')], stopping.signal)).rejects.toBeInstanceOf(NotNow);
  expect(server.messages).toHaveLength(before);
});

test('the access token goes over https or loopback only', () => {
  const to = (endpoint: string) => () => createTopicPublisher({ topic, endpoint });
  expect(to('http://pubsub.example.org')).toThrow('https');
  expect(to('https://europe-west3-pubsub.googleapis.com')).not.toThrow();
});
