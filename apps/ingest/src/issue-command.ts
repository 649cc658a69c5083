import { ingest, type Outcome, parseCommand, registry, type StoredReceipt } from '@karmanflow/commands';
import { type Database, idShape, limits, type Scope, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { ingestLimits } from './ingest-limits.ts';
import type { CommandNames, MessageWork } from './message-work.ts';

export type Issued =
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  /** The level is what the message says already. */
  | { readonly kind: 'unchanged' }
  /** Others changed the level as often as it was read: nothing was done, and the same message works when it is quieter. */
  | { readonly kind: 'overtaken' }
  | {
      readonly kind: 'invalid';
      readonly detail: string;
      readonly issues: readonly ingest.Unprocessable['issues'][number][];
    };

type Issuer = Pick<MessageWork, 'source' | 'identity'> & {
  readonly ports: Pick<MessageWork['ports'], 'database' | 'executor'>;
};

/**
 * Issues the command that a message became, which takes the message in the same transaction. A level is set by the
 * difference to what was read, under the version that was read; when another was faster it is read again, a few times.
 */
export async function issueCommand(command: ingest.MappedCommand, work: Issuer, names: CommandNames): Promise<Issued> {
  const definition = registry.commands.get(command.commandType);
  if (!definition || definition.internal)
    throw new Error(`a mapping names ${command.commandType}, which is no command`);
  for (let attempt = 1; attempt <= ingestLimits.levelAttempts; attempt += 1) {
    const change = await changeOf(command, work);
    if (change.kind !== 'change') return change;
    const parsed = parseCommand(definition, change.input);
    if (!parsed.ok) return { kind: 'invalid', detail: 'the message does not fit its command', issues: parsed.issues };
    const { caller } = work.source;
    const { correlationId, requestId, traceparent } = work.identity;
    // What is sent for a level differs from one try to the next, so a key cannot stand for the message: its claim does.
    const idempotencyKey =
      command.setLevel === null ? names.idempotencyKey : `${names.idempotencyKey}#${requestId}.${attempt}`;
    const outcome = await work.ports.executor.execute(ingest.claimedCommand(parsed.command, names.claim), {
      caller,
      idempotencyKey,
      causationId: names.causationId,
      correlationId,
      requestId,
      traceparent,
      expectedVersion: change.expectedVersion,
      reason: null,
    });
    if (!wasOvertaken(outcome)) return { kind: 'outcome', outcome };
  }
  return { kind: 'overtaken' };
}

/** Whether the level was another when the command came. */
function wasOvertaken(outcome: Outcome): boolean {
  return outcome.kind === 'receipt' && refusalCodeOf(outcome.receipt) === 'version_conflict';
}

/** The code of the refusal, as the signed receipt states it; null: it was not refused. */
export function refusalCodeOf(receipt: StoredReceipt): string | null {
  if (receipt.status !== 'REFUSED') return null;
  const { refusal } = receiptBodyOf(receipt);
  return refusal?.code ?? null;
}

/** The members of a receipt that we look at. Its bytes are our own canonical JSON. */
export function receiptBodyOf(receipt: StoredReceipt): {
  readonly refusal?: { readonly code: string } | null;
  readonly causationId?: string | null;
} {
  return JSON.parse(new TextDecoder().decode(receipt.bytes)) as ReturnType<typeof receiptBodyOf>;
}

type Change =
  | { readonly kind: 'change'; readonly input: unknown; readonly expectedVersion: number | null }
  | Extract<Issued, { kind: 'unchanged' | 'invalid' }>;

const levelKey = v.object({ variantId: idShape('variant'), locationId: idShape('location') });

async function changeOf({ input, setLevel }: ingest.MappedCommand, work: Issuer): Promise<Change> {
  if (setLevel === null) return { kind: 'change', input, expectedVersion: null };
  const key = v.safeParse(levelKey, input);
  const isQuantity = Math.abs(setLevel.to) <= limits.quantityUnits;
  if (!key.success || !isQuantity)
    return { kind: 'invalid', detail: 'the message names no level that can be', issues: [] };
  const level = await readLevel(work.ports.database, work.source.caller, key.output);
  const held = level.reserved + level.allocated + level.damaged + level.quality_control;
  const delta = setLevel.to + (setLevel.quantity === 'available' ? held : 0) - level.on_hand;
  if (delta === 0) return { kind: 'unchanged' };
  return { kind: 'change', input: { ...Object(input), delta }, expectedVersion: level.version };
}

const emptyLevel = { on_hand: 0, reserved: 0, allocated: 0, damaged: 0, quality_control: 0, version: 0 };

async function readLevel(
  database: Database,
  scope: Scope,
  { variantId, locationId }: v.InferOutput<typeof levelKey>,
): Promise<typeof emptyLevel> {
  const row = await database.read(scope, (db) =>
    db
      .selectFrom('inventory_levels')
      .select(['on_hand', 'reserved', 'allocated', 'damaged', 'quality_control', 'version'])
      .where('tenant_id', '=', toUuid(scope.tenantId))
      .where('environment_id', '=', toUuid(scope.environmentId))
      .where('variant_id', '=', toUuid(variantId))
      .where('location_id', '=', toUuid(locationId))
      .executeTakeFirst(),
  );
  return row ?? emptyLevel;
}
