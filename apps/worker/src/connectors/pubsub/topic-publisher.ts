import { NotNow } from '@karmanflow/events';
import type { v1 } from '@google-cloud/pubsub';
import { connectorLimits } from '../connector-limits.ts';

/** A message of Google Cloud Pub/Sub as it is published. */
export interface TopicMessage {
  readonly data: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
  /** Subscribers that ask for order get the messages of one key in the order in which they were published. */
  readonly orderingKey: string;
}

export interface TopicPublisher {
  /** Resolves when the service has confirmed every message, each key's in the order given. Throws `NotNow` when it cannot now. */
  publish(messages: readonly TopicMessage[], signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface TopicPublisherOptions {
  /** projects/<project>/topics/<topic> */
  readonly topic: string;
  /** Another origin than Google's global one. Order holds within a region, so a regional endpoint is for several regions. */
  readonly endpoint?: string;
  readonly deadlineMilliseconds?: number;
}

/** What the library answers; its own types allow every field to be absent. */
interface PublishResponse {
  readonly messageIds?: readonly string[] | null;
}

type PublishCall = (
  request: { readonly topic: string; readonly messages: readonly TopicMessage[] },
  options: { readonly timeout: number; readonly retry: null; readonly isBundling: false },
) => Promise<readonly [PublishResponse, ...unknown[]]> & { readonly cancel?: () => void };

/** What the same message will be answered again: INVALID_ARGUMENT and OUT_OF_RANGE of google.rpc.Code, or as HTTP says them. */
const messageFaults = new Set([3, 11, 400, 413]);

/**
 * Publishes to one topic, by Google's library in REST mode: gRPC is not needed. Credentials are the application default ones. The
 * library is loaded with the first message, so that processes without a topic do not pay for it.
 */
export function createTopicPublisher(options: TopicPublisherOptions): TopicPublisher {
  const { topic, deadlineMilliseconds = connectorLimits.publishDeadlineMilliseconds } = options;
  const endpoint = readEndpoint(options.endpoint);
  let client: Promise<v1.PublisherClient> | undefined;

  async function connect(): Promise<v1.PublisherClient> {
    const { v1: services } = await import('@google-cloud/pubsub');
    const [, projectId = ''] = topic.split('/');
    const connected = new services.PublisherClient({ projectId, fallback: true, ...endpoint });
    await connected.initialize();
    return connected;
  }

  async function ready(): Promise<v1.PublisherClient> {
    client ??= connect();
    try {
      return await client;
    } catch (error) {
      // Credentials that were not there yet may be there the next time.
      client = undefined;
      throw error;
    }
  }

  async function send(messages: readonly TopicMessage[]): Promise<void> {
    let response: PublishResponse;
    try {
      const connected = await ready();
      // The call beneath the method of the class: that one writes every message to the library's debug log.
      const call = connected.innerApiCalls['publish'] as unknown as PublishCall;
      const calling = call({ topic, messages }, { timeout: deadlineMilliseconds, retry: null, isBundling: false });
      [response] = await within(calling, deadlineMilliseconds);
    } catch (error) {
      throw failureOf(error);
    }
    const confirmed = response.messageIds?.length ?? 0;
    if (confirmed !== messages.length)
      throw new NotNow(`the topic confirmed ${confirmed} of ${messages.length} messages`);
  }

  return {
    async publish(messages, signal) {
      const requests = [...Map.groupBy(messages, ({ orderingKey }) => orderingKey).values()].map(requestsOf).values();
      let failure: unknown = null;
      const lane = async (): Promise<void> => {
        for (const ofKey of requests) {
          for (const request of ofKey) {
            if (failure !== null || signal.aborted) return;
            await send(request).catch((error: unknown) => (failure ??= error));
          }
        }
      };
      // Nothing is still under way when this ends, or a late request could come behind its own repetition.
      await Promise.all(Array.from({ length: connectorLimits.requestsAtOnce }, lane));
      if (failure !== null) throw failure;
      if (signal.aborted) throw new NotNow('the process stops');
    },
    async close() {
      const closing = client;
      client = undefined;
      await (await closing?.catch(() => undefined))?.close();
    },
  };
}

/** Messages of one key in requests that Pub/Sub takes, in their order. */
function requestsOf(messages: readonly TopicMessage[]): TopicMessage[][] {
  const requests: TopicMessage[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const size = message.data.byteLength + JSON.stringify(message.attributes).length + message.orderingKey.length;
    const last = requests.at(-1);
    if (!last || last.length >= connectorLimits.messagesPerRequest || bytes + size > connectorLimits.bytesPerRequest) {
      requests.push([message]);
      bytes = size;
    } else {
      last.push(message);
      bytes += size;
    }
  }
  return requests;
}

/** Only a message that is refused for what it is counts against its event. Never the error itself: it carries the request. */
function failureOf(error: unknown): Error {
  if (error instanceof NotNow) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const text = `the topic answered with code ${typeof code === 'number' ? code : 'unknown'}`;
  return typeof code === 'number' && messageFaults.has(code) ? new Error(text) : new NotNow(text);
}

/** In REST mode the library has no deadline of its own; a request that is cancelled is never answered. */
async function within<T>(calling: Promise<T> & { readonly cancel?: () => void }, milliseconds: number): Promise<T> {
  let timer: Timer | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      calling.cancel?.();
      reject(new NotNow(`the topic did not answer within ${milliseconds} ms`));
    }, milliseconds);
  });
  calling.catch(() => undefined);
  return Promise.race([calling, expired]).finally(() => clearTimeout(timer));
}

function readEndpoint(origin: string | undefined): Record<string, string | number> {
  if (origin === undefined) return {};
  const url = new URL(origin);
  const isLoopback = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  // The request carries an access token.
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) {
    throw new TypeError('the endpoint of Pub/Sub must be https, or http on loopback');
  }
  const protocol = url.protocol.slice(0, -1);
  return { apiEndpoint: url.hostname, protocol, port: Number(url.port) || (protocol === 'https' ? 443 : 80) };
}
