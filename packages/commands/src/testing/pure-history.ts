import type { EventDraft, EventEnvelope } from '@karmanflow/events';
import { newId, type RefusalCode, type UuidSource } from '@karmanflow/schema';
import type { CommandDefinition, DecisionContext, Verdict } from '../definition/command.ts';
import { isLedger } from '../definition/entity.ts';
import type { Registry } from '../definition/registry.ts';
import { WorkingState } from '../working-state.ts';
import { countingUuids } from './given-when-then.ts';

const tenantId = 'tnt_00000000-0000-7000-8000-0000000000cc';
const environmentId = 'env_00000000-0000-7000-8000-0000000000dd';

/**
 * A history without a database: commands are decided on the state that the events before them made, and what they accept is
 * folded into it. Keeps the events in their envelopes, as the executor would write them. For laws about features.
 */
export class PureHistory {
  readonly state = new WorkingState();
  readonly events: EventEnvelope[] = [];
  readonly #registry: Registry;
  readonly #uuidSource: UuidSource = countingUuids();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  run<Input, Output, Refusal extends RefusalCode>(
    command: CommandDefinition<Input, Output, Refusal>,
    input: Input,
    at: { now: string },
  ): Verdict<Output, Refusal> {
    const context: DecisionContext = {
      tenantId,
      environmentId,
      actor: { type: 'USER', id: 'prn_00000000-0000-7000-8000-0000000000aa' },
      now: at.now,
      newId: (kind) => newId(kind, this.#uuidSource),
      personal: new Map(),
      credential: null,
      loginAgeSeconds: null,
      reason: null,
      registry: this.#registry,
      execute: () => {
        throw new Error('paused commands are run by the executor');
      },
    };
    const verdict = command.decide(this.state, input, context);
    if (verdict.kind === 'accept') this.append(verdict.events, at);
    return verdict;
  }

  append(drafts: readonly EventDraft[], { now }: { now: string }): void {
    const receiptId = newId('receipt', this.#uuidSource);
    for (const [ordinal, { type, data }] of drafts.entries()) {
      const definition = this.#registry.events.get(type);
      if (!definition) throw new Error(`${type} is not an event of the registry`);
      const eventId = newId('event', this.#uuidSource);
      const entities: EventEnvelope['entities'][number][] = [];
      for (const { entity: name, key } of definition.touches(data as never, eventId)) {
        const entity = this.#registry.entities.get(name);
        if (!entity) throw new Error(`${name} is not an entity of the registry`);
        const entry = this.state.evolve({ entity, key, event: { type, data, eventId, occurredAt: now }, receiptId });
        if (!isLedger(entity)) entities.push({ type: name, id: entry.id, version: entry.version });
      }
      this.events.push({
        format: 'karmanflow.event/1',
        eventId,
        eventType: type,
        eventVersion: definition.version,
        tenantId,
        environmentId,
        receiptId,
        ordinal,
        occurredAt: now,
        entities,
        correlationId: newId('correlation', this.#uuidSource),
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        data,
      });
    }
    this.state.keep();
  }
}
