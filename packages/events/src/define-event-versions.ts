import * as v from 'valibot';
import type { EventEnvelope } from './envelope.ts';

/** A version of an event type that is no longer written, and how what was stored then is read now. */
export interface PastVersion {
  readonly version: number;
  readonly data: v.GenericSchema;
  /** Pure. Takes stored data of this version and says the same facts as the next version does. Throws when it is not of it. */
  readonly upcast: (stored: unknown) => unknown;
}

/** What an upcaster has to know of an event type. */
export interface VersionedEvent {
  readonly type: string;
  readonly version: number;
  readonly data: v.GenericSchema;
  readonly past?: readonly PastVersion[];
}

/** Gives an event as its newest version has it. The event itself when it is of that version already. */
export type Upcaster = (event: EventEnvelope) => EventEnvelope;

/**
 * This process does not know the type or the version of an event: a newer one wrote it. Nothing is wrong with the event, and
 * whoever reads has to wait for a newer version of itself.
 */
export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent';
}

/** Declares a past version, with `upcast` checked against its shape. */
export function pastVersion<Data>(past: {
  readonly version: number;
  readonly data: v.GenericSchema<unknown, Data>;
  readonly upcast: (data: Data) => unknown;
}): PastVersion {
  return { version: past.version, data: past.data, upcast: (stored) => past.upcast(v.parse(past.data, stored)) };
}

/** Throws a TypeError unless every version from 1 to the one before the newest is there, in order. */
export function checkPastVersions({ type, version, past = [] }: VersionedEvent): void {
  if (!Number.isSafeInteger(version) || version < 1) throw new TypeError(`${type} has the version ${version}`);
  const isWhole = past.length === version - 1 && past.every((one, at) => one.version === at + 1);
  if (!isWhole)
    throw new TypeError(`${type} version ${version} has upcasters for [${past.map((one) => one.version)}] only`);
}

/**
 * Reads events of every version of the given types as the newest one. `eventVersion` and `data` are those of the newest then; the
 * rest, the bytes that were hashed included, is as it was stored. Throws `UnreadableEvent` for a type or a version that is not
 * known, and valibot's error for data that is not of its version.
 */
export function createUpcaster(definitions: Iterable<VersionedEvent>): Upcaster {
  const byType = new Map(Array.from(definitions, (definition) => [definition.type, definition]));
  return (event) => {
    const definition = byType.get(event.eventType);
    if (!definition) throw new UnreadableEvent(`event ${event.eventId} has the unknown type ${event.eventType}`);
    const { version, past = [] } = definition;
    if (event.eventVersion === version) return event;
    if (event.eventVersion > version)
      throw new UnreadableEvent(`event ${event.eventId} has version ${event.eventVersion} of ${event.eventType}`);
    let data = event.data;
    for (const step of past.slice(event.eventVersion - 1)) data = step.upcast(data);
    return { ...event, eventVersion: version, data: v.parse(definition.data, data) };
  };
}
