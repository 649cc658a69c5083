import type { EventDraft } from '@karmanflow/events';
import { newId, type RefusalCode } from '@karmanflow/schema';
import * as v from 'valibot';
import type { CommandDefinition, DecisionContext, Verdict } from '../definition/command.ts';
import type { Registry } from '../definition/registry.ts';
import { WorkingState } from '../working-state.ts';

export interface Scenario {
  /** Events that happened before. */
  when<Input, Output, Refusal extends RefusalCode>(
    command: CommandDefinition<Input, Output, Refusal>,
    input: Input,
    options?: { now?: string },
  ): Verdict<Output, Refusal>;
}

/** Ids that count up: the same scenario gives the same ids. */
export function countingUuids(): () => string {
  let next = 0;
  return () => {
    next += 1;
    return `00000000-0000-7000-8000-${String(next).padStart(12, '0')}`;
  };
}

const actor = { type: 'USER', id: 'prn_00000000-0000-7000-8000-0000000000aa' } as const;

/**
 * given(events).when(command, input) gives the verdict: `decide` run on the state that the events fold to. Pure, without
 * a database; for tests of features, ours and those of other teams.
 */
export function given(
  registry: Registry,
  events: readonly EventDraft[],
  options: { now?: string; uuidSource?: () => string } = {},
): Scenario {
  const now = options.now ?? '2026-01-01T00:00:00.000Z';
  const uuidSource = options.uuidSource ?? countingUuids();
  const state = new WorkingState();
  const receiptId = 'rcp_00000000-0000-7000-8000-0000000000bb';
  for (const { type, data } of events) {
    const definition = registry.events.get(type);
    if (!definition) throw new Error(`${type} is not an event of the registry`);
    const eventId = newId('event', uuidSource);
    for (const { entity: name, key } of definition.touches(data as never, eventId)) {
      const entity = registry.entities.get(name);
      if (!entity) throw new Error(`${name} is not an entity of the registry`);
      state.evolve({ entity, key, event: { type, data, eventId, occurredAt: now }, receiptId });
    }
  }
  const base: DecisionContext = {
    tenantId: 'tnt_00000000-0000-7000-8000-0000000000cc',
    environmentId: 'env_00000000-0000-7000-8000-0000000000dd',
    actor,
    now,
    newId: (kind) => newId(kind, uuidSource),
    personal: new Map(),
    credential: null,
    loginAgeSeconds: null,
    reason: null,
    registry,
    execute: () => {
      throw new Error('paused commands are run by the executor: test them against a database');
    },
  };
  return {
    when: (command, input, at = {}) => {
      const verdict = command.decide(state, input, { ...base, now: at.now ?? now });
      if (verdict.kind === 'accept') for (const event of verdict.events) checkEvent(registry, event);
      return verdict;
    },
  };
}

/** The stream is immutable: an event that its own schema would refuse must not get that far. */
function checkEvent(registry: Registry, { type, data }: EventDraft): void {
  const definition = registry.events.get(type);
  if (!definition) throw new Error(`${type} is not an event of the registry`);
  v.assert(definition.data, data);
}
