import { decodeEvent, type EventEnvelope, type PastVersion } from '@karmanflow/events';
import { canonicalBytes, type JsonValue } from '@karmanflow/receipts';
import * as v from 'valibot';
import { type AnyEntity, entityIdOf, isLedger } from '../definition/entity.ts';
import type { AnyEvent, Registry } from '../definition/registry.ts';
import { describeShape, type ShapeDescription } from './describe-shape.ts';
import { sampleData, type SampleSize } from './sample-data.ts';

/** What a version of an event type looked like when it was new: its shape, and two events as they were stored. */
export interface EventFixture {
  readonly type: string;
  readonly version: number;
  readonly shape: ShapeDescription;
  readonly stored: readonly EventEnvelope[];
}

/** A version of an event type of this build: the newest one, or one of its past. */
export interface EventVersion {
  readonly event: AnyEvent;
  readonly version: number;
  readonly data: PastVersion['data'];
}

/** Every version of every event type, past ones first. */
export function eventVersionsOf(registry: Registry): EventVersion[] {
  return [...registry.events.values()].flatMap((event) =>
    [...(event.past ?? []), event].map(({ version, data }) => ({ event, version, data })),
  );
}

export function fixtureNameOf({ event, version }: EventVersion): string {
  // In kebab-case, as all files.
  return `${event.type.replaceAll('_', '-')}.v${version}.json`;
}

/** The fixture of a version, as it is generated once and then kept for ever. */
export function makeFixture(registry: Registry, version: EventVersion): EventFixture {
  const sizes: readonly SampleSize[] = ['full', 'least'];
  return {
    type: version.event.type,
    version: version.version,
    shape: describeShape(version.data),
    stored: sizes.map((size) => envelopeOf(registry, version, size)),
  };
}

/** What keeps this build from reading what earlier ones stored, in words; nothing when all is as it should be. */
export function fixtureProblems(registry: Registry, fixtures: ReadonlyMap<string, EventFixture>): string[] {
  const versions = eventVersionsOf(registry);
  const known = new Set(versions.map(fixtureNameOf));
  const unread = [...fixtures.keys()].filter((name) => !known.has(name));
  return [
    ...unread.map((name) => `${name}: this build cannot read that version any more`),
    ...versions.flatMap((version) => {
      const fixture = fixtures.get(fixtureNameOf(version));
      const problem = fixture ? problemOf(registry, version, fixture) : 'has no fixture';
      return problem === null ? [] : [`${fixtureNameOf(version)}: ${problem}`];
    }),
  ];
}

function problemOf(registry: Registry, { event, version, data }: EventVersion, fixture: EventFixture): string | null {
  if (fixture.type !== event.type || fixture.version !== version) return 'is of another version';
  if (!Bun.deepEquals(fixture.shape, describeShape(data))) return 'the shape changed and the version was not raised';
  if (fixture.stored.length === 0) return 'has no stored event';
  for (const stored of fixture.stored) {
    try {
      // Member by member as the executor wrote it, through the bytes.
      const newest = registry.upcast(decodeEvent(canonicalBytes(stored as unknown as JsonValue)));
      v.assert(event.data, newest.data);
      const touched = new Set(touchedBy(registry, stored).map(({ id }) => id));
      if (!newest.entities.every(({ id }) => touched.has(id))) return 'touches other entities than it did';
    } catch (error) {
      return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return null;
}

const uuidOf = (number: number): string => `019b76da-a800-7000-8000-${String(number).padStart(12, '0')}`;

function envelopeOf(registry: Registry, version: EventVersion, size: SampleSize): EventEnvelope {
  const stored: EventEnvelope = {
    format: 'karmanflow.event/1',
    eventId: `evt_${uuidOf(2)}`,
    eventType: version.event.type,
    eventVersion: version.version,
    tenantId: `tnt_${uuidOf(3)}`,
    environmentId: `env_${uuidOf(4)}`,
    receiptId: `rcp_${uuidOf(5)}`,
    ordinal: 0,
    occurredAt: '2026-03-01T09:30:00.042Z',
    entities: [],
    correlationId: `kfcor_${uuidOf(6)}`,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    data: sampleData(version.data, size),
  };
  const entities = touchedBy(registry, stored).filter(({ entity }) => !isLedger(entity));
  return { ...stored, entities: entities.map(({ entity, id }) => ({ id, type: entity.name, version: 1 })) };
}

/** The entities and ledger rows that a stored event touches, read by its newest version. Throws when one is not known. */
function touchedBy(registry: Registry, stored: EventEnvelope): { readonly entity: AnyEntity; readonly id: string }[] {
  const event = registry.upcast(stored);
  const keys = registry.events.get(event.eventType)?.touches(event.data as never, event.eventId) ?? [];
  return keys.map(({ entity: name, key }) => {
    const entity = registry.entities.get(name);
    if (!entity) throw new Error(`${event.eventType} touches ${name}, which no feature declares`);
    return { entity, id: entityIdOf(entity, key) };
  });
}
