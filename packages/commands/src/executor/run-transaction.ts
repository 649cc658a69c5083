import { controlEnvironmentOf, type Database, limits, type Scope, scopeStatements, toUuid } from '@karmanflow/schema';
import { type Context, context, type Link, type Span, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import type { PoolClient, QueryResult } from 'pg';
import { type Load, stateFromRow, entityIdOf, isLedger, type KeyOf } from '../definition/entity.ts';
import { WorkingState } from '../working-state.ts';
import { type DecidedCommand, decideCommand, type DecisionPorts, signCommand } from './decide-command.ts';
import { sqlStateOf } from './failure.ts';
import type { Batch } from './lane-scheduler.ts';
import { type LoadStatement, loadName, loadStatements } from './load-statements.ts';
import { lookUpsOf, outcomesOf, type ReceiptRow } from './known-receipts.ts';
import type { Outcome } from './outcome.ts';
import { notDone, type QueuedCommand } from './queued-command.ts';
import { selectClock, type Statement } from './statements.ts';
import { allOf, driverHasSpoken, StatementBlock } from './statement-block.ts';
import { finalStatements, aheadStatements } from './write-statements.ts';

export interface TransactionPorts extends DecisionPorts {
  readonly database: Database;
  readonly tracer: Tracer;
  readonly monotonicNow: () => number;
  /** Told of exceptions inside features: bugs, which must not stay unseen. */
  readonly onBug: (error: unknown, command: QueuedCommand) => void;
}

/** The end of each command of a batch whose transaction committed, or that needed none. */
export type Settlement = ReadonlyMap<QueuedCommand, Outcome>;

/**
 * Runs one batch in one transaction: two round trips, three when a command follows references.
 *
 *     BEGIN, scope, clock, receipts by key, rows locked in global order
 *     decide in memory, one after the other
 *     receipts, events, entities, queues, COMMIT
 *
 * Throws when the transaction did not commit, or when nobody can tell; `commitUnseen` of each command then says which.
 */
export async function runTransaction(batch: Batch, ports: TransactionPorts): Promise<Settlement> {
  return ports.database.connection(async (client, discard) => {
    const [first, ...others] = batch.commands;
    const parent = first ? trace.setSpan(context.active(), first.span) : context.active();
    const attributes = { 'kf.batch.commands': batch.commands.length };
    const span = ports.tracer.startSpan('command.transaction', { attributes, links: linksTo(others) }, parent);
    try {
      return await new BatchTransaction(client, batch, ports, span).run();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      // An error of the driver's own leaves the protocol where nobody knows it; only the server's can be rolled back.
      if (sqlStateOf(error) === null) discard();
      else await client.query('ROLLBACK').catch(discard);
      throw error;
    } finally {
      span.end();
    }
  });
}

function linksTo(commands: readonly QueuedCommand[]): Link[] {
  return commands.map((command) => ({ context: command.span.spanContext() }));
}

class BatchTransaction {
  readonly #state = new WorkingState();
  readonly #settled = new Map<QueuedCommand, Outcome>();
  readonly #pair: readonly [string, string];
  readonly #client: PoolClient;
  readonly #scope: Scope;
  readonly #controlScope: Scope;
  readonly #batch: Batch;
  readonly #ports: TransactionPorts;
  readonly #span: Span;
  readonly #context: Context;
  /** Names of the rows that were asked for. */
  readonly #loaded = new Set<string>();
  readonly #personalSent = new Set<DecidedCommand>();
  /** The database's clock when the last rows were locked, or when the last commands joined: the `now` of decisions. */
  #now = '';
  /** When the monotonic clock of this process stood beside it. */
  #nowAt = 0;
  #commandCount: number;

  constructor(client: PoolClient, batch: Batch, ports: TransactionPorts, span: Span) {
    const { scope } = batch;
    this.#client = client;
    this.#scope = scope;
    this.#batch = batch;
    this.#commandCount = batch.commands.length;
    this.#ports = ports;
    this.#span = span;
    this.#context = trace.setSpan(context.active(), span);
    this.#pair = [toUuid(scope.tenantId), toUuid(scope.environmentId)];
    this.#controlScope = { tenantId: scope.tenantId, environmentId: controlEnvironmentOf(scope.tenantId) };
  }

  async run(): Promise<Settlement> {
    await this.#open();
    const open = this.#batch.commands.filter((command) => !this.#settled.has(command));
    await this.#loadNext(open);
    const decided = await this.#decideAndWrite(open);
    for (const { command, receipt } of decided) {
      this.#settled.set(command, { kind: 'receipt', receipt, replayed: false });
    }
    return this.#settled;
  }

  async #send(statement: string | Statement): Promise<QueryResult> {
    const name = typeof statement === 'string' ? (statement.split(' ', 1)[0] ?? '') : statement.name;
    const span = this.#ports.tracer.startSpan(`db.statement ${name}`, {}, this.#context);
    try {
      if (typeof statement === 'string') return await this.#client.query(statement);
      return await this.#client.query({ ...statement, values: [...statement.values] });
    } finally {
      span.end();
    }
  }

  /** Opens the transaction, finds commands that came to their end before, and loads what the others name. */
  async #open(): Promise<void> {
    const { commands } = this.#batch;
    const loading = this.#newLoads(commands.filter(isAllowed).flatMap((command) => loadsOf(command, this.#scope)));
    const opening = ['BEGIN', ...scopeStatements(this.#scope), ...lookUpsOf(commands, this.#pair)];
    const results = await this.#readRows(loading, opening);
    const rows = results.slice(3).flatMap((result) => result.rows as ReceiptRow[]);
    if (rows.length === 0) return;
    const known = { rows, scope: this.#pair, send: (statement: Statement) => this.#send(statement) };
    for (const [command, outcome] of await outcomesOf(commands, known)) this.#settled.set(command, outcome);
  }

  /**
   * Sends statements in one block, and reads the database's clock behind them: after the wait for locked rows, so that a
   * hold which ended meanwhile has ended. Gives the results of the leading statements.
   */
  async #readRows(loading: readonly LoadStatement[], leading: readonly (string | Statement)[]): Promise<QueryResult[]> {
    const control = loading.filter((one) => one.control).map(({ statement }) => statement);
    const own = loading.slice(control.length).map(({ statement }) => statement);
    const enter = control.length > 0 ? [scopeStatements(this.#controlScope)[1]] : [];
    const leave = control.length > 0 ? [scopeStatements(this.#scope)[1]] : [];
    const statements = [...leading, ...enter, ...control, ...leave, ...own, selectClock];
    const results = await allOf(statements.map((statement) => this.#send(statement)));
    this.#now = (results.pop()?.rows[0] as { now: string } | undefined)?.now ?? '';
    this.#nowAt = this.#ports.monotonicNow();
    const controlAt = leading.length + enter.length;
    const ownAt = controlAt + control.length + leave.length;
    const rowsAt = [...control.map((_, at) => controlAt + at), ...own.map((_, at) => ownAt + at)];
    loading.forEach((load, position) => this.#addRows(load, results[rowsAt[position] ?? -1]?.rows ?? []));
    return results.slice(0, leading.length);
  }

  #newLoads(loads: readonly Load[]): LoadStatement[] {
    const wanted: Load[] = [];
    for (const load of loads) {
      const name = loadName(load);
      if (this.#loaded.has(name)) continue;
      this.#loaded.add(name);
      wanted.push(load);
    }
    return loadStatements(wanted, { registry: this.#ports.registry, scope: this.#pair });
  }

  #addRows({ entity, control }: LoadStatement, rows: readonly Record<string, unknown>[]): void {
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
        foreign: control,
      });
    }
  }

  /** Follows what the rows name, until they name nothing new. */
  async #loadNext(open: readonly QueuedCommand[]): Promise<void> {
    const following = open.filter((command) => isAllowed(command) && command.definition.loadNext !== undefined);
    if (following.length === 0) return;
    for (let round = 0; round < loadRoundsMax; round += 1) {
      const loading = this.#newLoads(
        following.flatMap(
          ({ definition, input, metadata }) =>
            definition.loadNext?.(input as never, this.#state, {
              registry: this.#ports.registry,
              scope: this.#scope,
              actor: metadata.caller.actor,
              credential: metadata.caller.credential,
            }) ?? [],
        ),
      );
      if (loading.length === 0) return;
      await this.#readRows(loading, []);
    }
    throw new Error(`rows still name others after ${loadRoundsMax} rounds`);
  }

  /**
   * Decides one command after the other, and sends the rows of those decided while the next are: database and process work
   * at the same time. COMMIT goes out with the last rows, so a deadline is checked before it and never after.
   *
   * From the moment at which it is decided, only the end of the transaction tells what became of a command: a deadline
   * that passes then leaves the outcome open. That is taken back when no COMMIT went out, or when it is known to have failed.
   */
  async #decideAndWrite(open: readonly QueuedCommand[]): Promise<DecidedCommand[]> {
    const before = new Map<QueuedCommand, boolean>();
    const block = new StatementBlock((statement) => this.#send(statement));
    let committing = false;
    try {
      const decided = await this.#decideAhead(open, { before, block });
      if (decided.length > 0 && !block.failed) {
        block.send(finalStatements(decided, this.#writeOptions()));
        await driverHasSpoken();
        committing = !block.failed;
        if (committing) block.send(['COMMIT']);
      } else if (!block.failed) {
        block.send(['ROLLBACK']);
      }
      const results = await block.end();
      // COMMIT of an aborted transaction succeeds and says ROLLBACK.
      if (committing && results.at(-1)?.command !== 'COMMIT')
        throw new Error('the transaction was rolled back by the server');
      return decided;
    } catch (error) {
      const known = !committing || isRefusedByServer(error);
      if (known) for (const [command, was] of before) command.commitUnseen = was;
      throw error;
    }
  }

  async #decideAhead(
    open: readonly QueuedCommand[],
    work: { before: Map<QueuedCommand, boolean>; block: StatementBlock },
  ): Promise<DecidedCommand[]> {
    const decided: DecidedCommand[] = [];
    let left = open;
    for (let size: number = limits.decideFirstCommands; !work.block.failed; size *= 2) {
      if (left.length === 0) left = this.#join();
      if (left.length === 0) break;
      const next = Math.min(size, limits.decideAheadCommands);
      const signing = this.#decide(left.slice(0, next), work.before);
      left = left.slice(next);
      // While other threads sign, this one sends what was written before and reads what has arrived.
      const ahead = await Promise.all(signing);
      if (ahead.length === 0) continue;
      decided.push(...ahead);
      work.block.send(aheadStatements(ahead, this.#writeOptions()));
    }
    return decided;
  }

  /**
   * Takes in commands that came meanwhile and need nothing but rows that this transaction holds locked: nobody else can have
   * changed what they are decided on, so they need not read it again.
   */
  #join(): readonly QueuedCommand[] {
    const joining = this.#batch.join((command) => this.#mayJoin(command));
    if (joining.length === 0) return joining;
    this.#commandCount += joining.length;
    this.#span.setAttribute('kf.batch.commands', this.#commandCount);
    this.#span.addLinks(linksTo(joining));
    // They came after the clock was read. Moving it on by what this process measured spares asking again.
    const at = this.#ports.monotonicNow();
    this.#now = new Date(Date.parse(this.#now) + at - this.#nowAt).toISOString();
    this.#nowAt = at;
    return joining;
  }

  #mayJoin(command: QueuedCommand): boolean {
    // Following references takes further locks, and a repeat has to look for its receipt first.
    if (!isAllowed(command) || command.definition.loadNext || command.mayBeRepeat) return false;
    return loadsOf(command, this.#scope).every((load) => this.#state.holds(load));
  }

  #writeOptions(): Parameters<typeof finalStatements>[1] {
    const { registry } = this.#ports;
    return { registry, scope: this.#pair, state: this.#state, personalSent: this.#personalSent };
  }

  /** Gives each receipt to the signer as soon as it is made: other threads sign it while the next command is decided. */
  #decide(commands: readonly QueuedCommand[], before: Map<QueuedCommand, boolean>): Promise<DecidedCommand>[] {
    const signing: Promise<DecidedCommand>[] = [];
    const monotonicNow = this.#ports.monotonicNow();
    for (const command of commands) {
      if (command.settled) continue;
      if (monotonicNow >= command.deadlineAt) {
        this.#settled.set(
          command,
          notDone(command, 'deadline_exceeded', 'the deadline passed before the command could commit'),
        );
        continue;
      }
      try {
        const elapsedMilliseconds = monotonicNow - command.acceptedAt;
        const options = { ports: this.#ports, state: this.#state, now: this.#now, elapsedMilliseconds };
        const unsigned = decideCommand(command, options);
        this.#state.keep();
        for (const one of unsigned) {
          before.set(one.command, one.command.commitUnseen);
          one.command.commitUnseen = true;
          signing.push(signCommand(one, this.#ports.signer));
        }
      } catch (error) {
        this.#state.takeBack();
        this.#ports.onBug(error, command);
        this.#settled.set(command, notDone(command, 'internal_error', 'the command failed and changed nothing'));
      }
    }
    return signing;
  }
}

/** A vote follows its request to people and command, and the command follows its own references. */
const loadRoundsMax = 8;

function isAllowed(command: QueuedCommand): boolean {
  return command.decision.decision === 'allow';
}

function loadsOf(command: QueuedCommand, scope: Scope): Load[] {
  const { definition, input, metadata } = command;
  const loads = [...definition.load(input as never, scope)];
  if (metadata.expectedVersion !== null && definition.versioned) loads.push(definition.versioned(input as never));
  return loads;
}

function isRefusedByServer(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^(22|23|40|42|53|54|55|25|57014)/.test(code);
}
