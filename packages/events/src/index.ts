export {
  defineEvent,
  type EntityKey,
  type EntityVersion,
  type EventDefinition,
  type EventDraft,
  eventTypePattern,
} from './define-event.ts';
export { decodeEvent, type EventEnvelope } from './envelope.ts';
export { type EventCursor, type EventPage, isEventCursor, readEvents, startCursor } from './read-events.ts';
