import { type Database, type Scope, scopeStatements, toId, toUuid } from '@karmanflow/schema';
import { SpanStatusCode, type Tracer, type Span, trace, context } from '@opentelemetry/api';
import type { PoolClient, QueryResult } from 'pg';
import { type Load, stateFromRow, entityIdOf, isLedger, type KeyOf } from '../definition/entity.ts';
import { WorkingState } from '../working-state.ts';
import { loadStatements, writeStatements } from './batch-statements.ts';
import { type DecidedCommand, decideCommand, type DecisionPorts } from './decide-command.ts';
import { type Outcome, rejected, type ReceiptStatus, type StoredReceipt } from './outcome.ts';
import type { QueuedCommand } from './queued-command.ts';
import { selectClock, selectReceiptsById, selectReceiptsByKey, type Statement } from './statements.ts';

export interface TransactionPorts extends DecisionPorts {
  readonly database: Database;
  readonly tracer: Tracer;
  readonly monotonicNow: () => number;
  /** Told of exceptions inside features: bugs, which must not stay unseen. */
  readonly onBug: (error: unknown, command: QueuedCommand) => void;
}

/** The end of each command of a batch whose transaction committed, or that needed none. */
export type Settlement = ReadonlyMap<QueuedCommand, Outcome>;

interface ReceiptRow {
  readonly id: string;
  readonly command_type: string;
  readonly status: ReceiptStatus;
  readonly idempotency_key_hash: Buffer | null;
  readonly payload_hash: Buffer;
  readonly body: Buffer;
  readonly hash: Buffer;
  readonly signature: Buffer;
  readonly key_id: string;
  readonly response: Buffer | null;
}

/**
 * Runs one batch in one transaction: two round trips, three when a command follows references.
 *
 *     BEGIN, scope, clock, receipts by key, rows locked in global order
 *     decide in memory, one after the other
 *     receipts, events, entities, queues, COMMIT
 *
 * Throws when the transaction did not commit, or when nobody can tell; `commitUnseen` of each command then says which.
 */
export async function runTransaction(
  scope: Scope,
  commands: readonly QueuedCommand[],
  ports: TransactionPorts,
): Promise<Settlement> {
  return ports.database.connection(async (client, discard) => {
    const first = commands[0];
    const parent = first ? trace.setSpan(context.active(), first.span) : context.active();
    const links = commands.slice(1).map((command) => ({ context: command.span.spanContext() }));
    const attributes = { 'kf.batch.commands': commands.length };
    const span = ports.tracer.startSpan('command.transaction', { attributes, links }, parent);
    try {
      return await new BatchTransaction(client, scope, commands, ports, span).run();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      await client.query('ROLLBACK').catch(discard);
      throw error;
    } finally {
      span.end();
    }
  });
}

class BatchTransaction {
  readonly #state = new WorkingState();
  readonly #settled = new Map<QueuedCommand, Outcome>();
  readonly #pair: readonly [string, string];
  readonly #client: PoolClient;
  readonly #scope: Scope;
  readonly #commands: readonly QueuedCommand[];
  readonly #ports: TransactionPorts;
  readonly #span: Span;

  constructor(
    client: PoolClient,
    scope: Scope,
    commands: readonly QueuedCommand[],
    ports: TransactionPorts,
    span: Span,
  ) {
    this.#client = client;
    this.#scope = scope;
    this.#commands = commands;
    this.#ports = ports;
    this.#span = span;
    this.#pair = [toUuid(scope.tenantId), toUuid(scope.environmentId)];
  }

  async run(): Promise<Settlement> {
    const now = await this.#openAndLoad();
    const open = this.#commands.filter((command) => !this.#settled.has(command));
    await this.#loadNext(open);
    const decided = this.#decideAll(open, now);
    if (decided.length === 0) {
      await this.#client.query('ROLLBACK');
      return this.#settled;
    }
    await this.#writeAndCommit(decided);
    for (const { command, receipt } of decided)
      this.#settled.set(command, { kind: 'receipt', receipt, replayed: false });
    return this.#settled;
  }

  /** Sends a block of statements at once and waits for all of them; the first failure is the cause of the others. */
  async #send(statements: readonly (string | Statement)[]): Promise<QueryResult[]> {
    const sent = statements.map((statement) => this.#sendOne(statement));
    const results = await Promise.allSettled(sent);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    return results.map((result) => (result as PromiseFulfilledResult<QueryResult>).value);
  }

  async #sendOne(statement: string | Statement): Promise<QueryResult> {
    const name = typeof statement === 'string' ? (statement.split(' ', 1)[0] ?? '') : statement.name;
    const parent = trace.setSpan(context.active(), this.#span);
    const span = this.#ports.tracer.startSpan(`db.statement ${name}`, {}, parent);
    try {
      if (typeof statement === 'string') return await this.#client.query(statement);
      return await this.#client.query({ ...statement, values: [...statement.values] });
    } finally {
      span.end();
    }
  }

  /** Opens the transaction, finds commands that came to their end before, and loads what the others name. */
  async #openAndLoad(): Promise<string> {
    const repeated = this.#commands.filter((command) => command.commitUnseen && command.keyHash === null);
    const keyed = this.#commands.flatMap(({ definition, keyHash }) =>
      keyHash === null ? [] : [{ commandType: definition.type, keyHash }],
    );
    const runnable = this.#commands.filter((command) => command.decision.decision === 'allow');
    const loads = runnable.flatMap((command) => [
      ...command.definition.load(command.input as never, this.#scope),
      ...(command.metadata.expectedVersion !== null && command.definition.versioned
        ? [command.definition.versioned(command.input as never)]
        : []),
    ]);
    const loading = loadStatements(loads, { registry: this.#ports.registry, scope: this.#pair });
    const [, , , clock, byKey, byId, ...rows] = await this.#send([
      'BEGIN',
      ...scopeStatements(this.#scope),
      selectClock,
      selectReceiptsByKey(this.#pair, keyed),
      selectReceiptsById(
        this.#pair,
        repeated.map((command) => toUuid(command.receiptId)),
      ),
      ...loading.map(({ statement }) => statement),
    ]);
    this.#settleKnown([...(byKey?.rows ?? []), ...(byId?.rows ?? [])] as ReceiptRow[]);
    loading.forEach(({ entity }, position) => this.#addRows(entity, rows[position]?.rows ?? []));
    return (clock?.rows[0] as { now: string } | undefined)?.now ?? '';
  }

  #addRows(entity: Load['entity'], rows: readonly Record<string, unknown>[]): void {
    for (const row of rows) {
      const state = stateFromRow(entity, row);
      this.#state.add({
        entity,
        id: entityIdOf(entity, state as KeyOf),
        state,
        version: isLedger(entity) ? 0 : Number(row['version']),
        createdAt: String(row['created_at']),
        updatedAt: String(row['updated_at']),
        changedBy: null,
        isNew: false,
      });
    }
  }

  /** A key that has a receipt is answered with it: nothing runs twice, and what ran answers the same for ever. */
  #settleKnown(rows: readonly ReceiptRow[]): void {
    if (rows.length === 0) return;
    const byId = new Map(rows.map((row) => [row.id, row]));
    const byKey = new Map(
      rows.map((row) => [`${row.command_type} ${row.idempotency_key_hash?.toString('hex') ?? row.id}`, row]),
    );
    for (const command of this.#commands) {
      const { definition, keyHash } = command;
      const row = keyHash
        ? byKey.get(`${definition.type} ${Buffer.from(keyHash).toString('hex')}`)
        : byId.get(toUuid(command.receiptId));
      if (row) this.#settled.set(command, replayOf(row, command));
    }
  }

  async #loadNext(open: readonly QueuedCommand[]): Promise<void> {
    const loads = open.flatMap(({ definition, decision, input }) =>
      decision.decision === 'allow' && definition.loadNext ? definition.loadNext(input as never, this.#state) : [],
    );
    if (loads.length === 0) return;
    const loading = loadStatements(loads, { registry: this.#ports.registry, scope: this.#pair });
    const results = await this.#send(loading.map(({ statement }) => statement));
    loading.forEach(({ entity }, position) => this.#addRows(entity, results[position]?.rows ?? []));
  }

  #decideAll(open: readonly QueuedCommand[], now: string): DecidedCommand[] {
    const decided: DecidedCommand[] = [];
    const monotonicNow = this.#ports.monotonicNow();
    for (const command of open) {
      if (command.settled) continue;
      if (monotonicNow >= command.deadlineAt) {
        this.#settled.set(
          command,
          rejected('deadline_exceeded', 'the deadline passed before the command could commit'),
        );
        continue;
      }
      try {
        const elapsedMilliseconds = monotonicNow - command.acceptedAt;
        decided.push(decideCommand(command, { ports: this.#ports, state: this.#state, now, elapsedMilliseconds }));
        this.#state.keep();
      } catch (error) {
        this.#state.takeBack();
        this.#ports.onBug(error, command);
        this.#settled.set(command, rejected('internal_error', 'the command failed and changed nothing'));
      }
    }
    return decided;
  }

  async #writeAndCommit(decided: readonly DecidedCommand[]): Promise<void> {
    const options = { registry: this.#ports.registry, scope: this.#pair, state: this.#state };
    const statements = [...writeStatements(decided, options), 'COMMIT'];
    const before = decided.map(({ command }) => command.commitUnseen);
    for (const { command } of decided) command.commitUnseen = true;
    const results = await this.#send(statements).catch((error: unknown) => {
      // A statement that the server refused aborts the transaction: its COMMIT is known to have done nothing.
      if (isRefusedByServer(error)) decided.forEach(({ command }, at) => (command.commitUnseen = before[at] ?? true));
      throw error;
    });
    // COMMIT of an aborted transaction succeeds and says ROLLBACK.
    if (results.at(-1)?.command !== 'COMMIT') throw new Error('the transaction was rolled back by the server');
  }
}

function isRefusedByServer(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(22|23|40|42|53|54|55|25|57014)/.test(code);
}

function replayOf(row: ReceiptRow, command: QueuedCommand): Outcome {
  const own = toUuid(command.receiptId) === row.id;
  if (!own && !row.payload_hash.equals(command.payloadHash)) {
    return rejected('idempotency_key_reused', `the key belongs to ${toId('receipt', row.id)}`);
  }
  const receipt: StoredReceipt = {
    id: toId('receipt', row.id),
    commandType: row.command_type,
    status: row.status,
    bytes: row.body,
    hash: row.hash,
    signature: row.signature,
    keyId: row.key_id,
    response: row.response,
  };
  return { kind: 'receipt', receipt, replayed: !own };
}
