import {
  controlEnvironmentOf,
  type Database,
  newId,
  type RefusalCode,
  type Scope,
  scopeStatements,
  toUuid,
  type UuidSource,
} from '@karmanflow/schema';
import type { PoolClient } from 'pg';
import type { AnyCommand, DecisionContext, JsonObject, Verdict } from '../definition/command.ts';
import { entityIdOf, isLedger, type KeyOf, type Load, stateFromRow } from '../definition/entity.ts';
import type { Registry } from '../definition/registry.ts';
import { WorkingState } from '../working-state.ts';
import { loadName, loadStatements } from './load-statements.ts';

export interface EntityChange {
  readonly entity: string;
  readonly id: string;
  /** null: it would come into being. */
  readonly before: JsonObject | null;
  readonly after: JsonObject;
}

export type Preview =
  | { readonly kind: 'accept'; readonly response: unknown; readonly changes: readonly EntityChange[] }
  | { readonly kind: 'refuse'; readonly code: RefusalCode; readonly detail: JsonObject };

export interface PreviewOptions {
  readonly database: Database;
  readonly registry: Registry;
  readonly scope: Scope;
  readonly definition: AnyCommand;
  readonly input: unknown;
  readonly actor: DecisionContext['actor'];
  readonly uuidSource: UuidSource;
  /** Entities whose rows are told; ledger rows never are. */
  readonly changesMax: number;
}

const roundsMax = 8;

/**
 * What a command would do if it ran now: loaded as it loads, decided as it decides, on a snapshot that locks nothing and
 * writes nothing. A promise of nothing: what runs later decides again.
 */
export async function previewCommand(options: PreviewOptions): Promise<Preview> {
  const { database, scope } = options;
  return database.connection(async (client, discard) => {
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      for (const statement of scopeStatements(scope)) await client.query(statement);
      const { rows } = await client.query<{ now: string }>('SELECT now() AS now');
      const state = await loadState(client, options);
      return previewOn(state, rows[0]?.now ?? '', options);
    } finally {
      await client.query('ROLLBACK').catch(discard);
    }
  });
}

async function loadState(client: PoolClient, options: PreviewOptions): Promise<WorkingState> {
  const { definition, registry, scope, actor } = options;
  // The registry pairs each definition with the input that its own schema parsed.
  const input = options.input as never;
  const state = new WorkingState();
  const seen = new Set<string>();
  let loads: readonly Load[] = definition.load(input, scope);
  for (let round = 0; round < roundsMax; round += 1) {
    const fresh = loads.filter((load) => !seen.has(loadName(load)));
    for (const load of fresh) seen.add(loadName(load));
    if (fresh.length > 0) await addRows(client, fresh, { options, state });
    if (fresh.length === 0 && round > 0) return state;
    loads = definition.loadNext?.(input, state, { registry, scope, actor, credential: null }) ?? [];
  }
  throw new Error(`${definition.type} still names rows after ${roundsMax} rounds`);
}

async function addRows(
  client: PoolClient,
  loads: readonly Load[],
  { options, state }: { options: PreviewOptions; state: WorkingState },
): Promise<void> {
  const { registry, scope } = options;
  const pair = [toUuid(scope.tenantId), toUuid(scope.environmentId)] as const;
  const [, own] = scopeStatements(scope);
  const [, control] = scopeStatements({ ...scope, environmentId: controlEnvironmentOf(scope.tenantId) });
  for (const load of loadStatements(loads, { registry, scope: pair, unlocked: true })) {
    if (load.control) await client.query(control);
    const { rows } = await client.query({ text: load.statement.text, values: [...load.statement.values] });
    if (load.control) await client.query(own);
    for (const row of rows as Record<string, unknown>[]) {
      const found = stateFromRow(load.entity, row);
      state.add({
        entity: load.entity,
        id: entityIdOf(load.entity, found as KeyOf),
        state: found,
        version: isLedger(load.entity) ? 0 : Number(row['version']),
        createdAt: String(row['created_at']),
        updatedAt: String(row['updated_at']),
        changedBy: null,
        isNew: false,
        foreign: load.control,
      });
    }
  }
}

function previewOn(state: WorkingState, now: string, options: PreviewOptions): Preview {
  const { definition, registry, scope, actor, uuidSource } = options;
  const verdict: Verdict<unknown, RefusalCode> = definition.decide(state, options.input as never, {
    ...scope,
    actor,
    credential: null,
    loginAgeSeconds: null,
    reason: null,
    now,
    newId: (kind) => newId(kind, uuidSource),
    personal: new Map(),
    registry,
    execute: () => {
      throw new Error('a preview executes nothing');
    },
  });
  if (verdict.kind === 'refuse') return verdict;
  const changes = new Map<string, EntityChange>();
  for (const { type, data } of verdict.events) {
    const event = registry.events.get(type);
    if (!event) throw new Error(`${definition.type} emitted ${type}, which no feature declares`);
    const eventId = newId('event', uuidSource);
    for (const { entity: name, key } of event.touches(data as never, eventId)) {
      const entity = registry.entities.get(name);
      if (!entity) throw new Error(`${type} touches ${name}, which no feature declares`);
      const before = state.list(entity as never, key as never)[0] as JsonObject | undefined;
      const entry = state.evolve({
        entity,
        key,
        event: { type, data, eventId, occurredAt: now },
        receiptId: 'rcp_00000000-0000-7000-8000-000000000000',
      });
      if (isLedger(entity)) continue;
      const label = `${name} ${entry.id}`;
      const first = changes.get(label);
      changes.set(label, {
        entity: name,
        id: entry.id,
        before: first ? first.before : (before ?? null),
        after: entry.state as JsonObject,
      });
    }
  }
  return { kind: 'accept', response: verdict.response, changes: [...changes.values()].slice(0, options.changesMax) };
}
