import type * as v from 'valibot';
import { checkPastVersions, type PastVersion } from './define-event-versions.ts';

/** What an event says about one entity: which one, and the version that the event gave it. */
export interface EntityVersion {
  readonly type: string;
  readonly id: string;
  readonly version: number;
}

/** An entity named by its key, before its version is known. */
export interface EntityKey {
  readonly entity: string;
  readonly key: Readonly<Record<string, string | number>>;
}

export interface EventDefinition<Type extends string = string, Data = unknown> {
  /** `domain.entity.past_verb`. */
  readonly type: Type;
  /** Raised whenever the shape of `data` changes; what was stored in an earlier shape stays readable through `past`. */
  readonly version: number;
  readonly data: v.GenericSchema<unknown, Data>;
  /** Every version before this one, from 1. */
  readonly past?: readonly PastVersion[];
  /** Every entity and ledger row that this event makes or changes, in a fixed order. */
  readonly touches: (data: Data, eventId: string) => readonly EntityKey[];
  /** When somebody has to look at this environment again because of it, for example when a hold ends. RFC 3339 UTC. */
  readonly dueAt?: (data: Data) => string;
}

/** An event as `decide` returns it: what happened, without identity, time or place. */
export interface EventDraft<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
}

export const eventTypePattern = /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/;

/**
 * Declares an event type. Throws when the name is not `domain.entity.past_verb`, and when a version before this one has no
 * upcaster: an event that is stored can never be changed, so that somebody has to know how it is read.
 */
export function defineEvent<const Type extends string, Data>(
  definition: EventDefinition<Type, Data>,
): EventDefinition<Type, Data> & { readonly of: (data: Data) => EventDraft<Type, Data> } {
  if (!eventTypePattern.test(definition.type))
    throw new TypeError(`event type ${definition.type} is not domain.entity.past_verb`);
  checkPastVersions(definition);
  return { ...definition, of: (data) => ({ type: definition.type, data }) };
}
