import { type ConsumerDefinition, defineConsumer, type StreamEvent } from '@karmanflow/events';
import type { TopicMessage, TopicPublisher } from './topic-publisher.ts';

/** Pub/Sub refuses a longer ordering key. */
const orderingKeyCharacters = 1_024;

/**
 * Publishes every event to a topic. The checkpoint moves when the service has confirmed; a crash in between publishes again,
 * in the same order. An event that the topic refuses stops its stream, since what comes behind it must not overtake it.
 */
export function createPubsubConsumer(publisher: TopicPublisher): ConsumerDefinition {
  return defineConsumer({
    name: 'google_pubsub',
    onPoison: 'stop',
    sideEffect: ({ events, signal }) => publisher.publish(events.map(messageOf), signal),
  });
}

/** The event as JSON. Attributes say what a subscription filters by, and what a subscriber tells repetitions by. */
export function messageOf({ seq, event }: StreamEvent): TopicMessage {
  const { eventId, eventType, eventVersion, tenantId, environmentId, traceparent } = event;
  return {
    data: Buffer.from(JSON.stringify(event)),
    orderingKey: orderingKeyOf(event),
    attributes: {
      eventId,
      eventType,
      eventVersion: String(eventVersion),
      tenantId,
      environmentId,
      seq: String(seq),
      traceparent,
    },
  };
}

/** By the first entity that the event changed; by its receipt where it changed none. Never across environments. */
function orderingKeyOf({ tenantId, environmentId, entities, receiptId }: StreamEvent['event']): string {
  const [first] = entities;
  const subject = first ? `${first.type}:${first.id}` : receiptId;
  return `${tenantId}/${environmentId}/${subject}`.slice(0, orderingKeyCharacters);
}
