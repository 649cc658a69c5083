import { randomBytes } from 'node:crypto';
import {
  type AnyCommand,
  type Caller,
  type CommandDefinition,
  type Executor,
  type Outcome,
  parseCommand,
  registry,
} from '@karmanflow/commands';
import {
  composeExecutor,
  createLogger,
  createMetrics,
  type LogDestination,
  mintTraceparent,
} from '@karmanflow/runtime';
import type { ReceiptSigner } from '@karmanflow/receipts';
import { type Database, newId } from '@karmanflow/schema';
import * as v from 'valibot';

/** The demo data in the database came from another state of this code, so its commands cannot be continued. */
export class DemoOutdated extends Error {
  override readonly name = 'DemoOutdated';
}

/** Sends the commands of the seed through the executor that the apps use. */
export interface DemoCommands {
  /** Runs a command that must succeed. Under a key that was used before, its first response comes back. */
  succeed<Input, Output>(order: {
    readonly command: CommandDefinition<Input, Output>;
    readonly input: Input;
    readonly caller: Caller;
    readonly idempotencyKey: string;
  }): Promise<Output>;
  close(): Promise<void>;
}

/** Opens an executor over a database of the command role. */
export function openDemoCommands(options: { database: Database; signer: ReceiptSigner }): DemoCommands {
  const problems: string[] = [];
  const destination: LogDestination = { write: (line) => void problems.push(line.trim()) };
  const executor = composeExecutor({
    ...options,
    logger: createLogger({ app: 'seed', level: 'error', destination }),
    metrics: createMetrics({ app: 'seed' }),
  });
  return {
    succeed: async ({ command, input, caller, idempotencyKey }) => {
      const outcome = await run({ executor, command: commandNamed(command.type), input, caller, idempotencyKey });
      const response = responseOf(outcome);
      if (response !== null) return v.parse(command.output, response);
      const lines = [`${idempotencyKey}: ${reasonOf(outcome)}`, ...problems].join('\n');
      const isReused = outcome.kind === 'rejected' && outcome.code === 'idempotency_key_reused';
      throw isReused ? new DemoOutdated(lines) : new Error(lines);
    },
    close: async () => void (await executor.drain()),
  };
}

/** A command of the registry: the same object as the one that was given, seen without its types. */
function commandNamed(type: string): AnyCommand {
  const command = registry.commands.get(type);
  if (command === undefined) throw new Error(`there is no command ${type}`);
  return command;
}

async function run(order: {
  readonly executor: Executor;
  readonly command: AnyCommand;
  readonly input: unknown;
  readonly caller: Caller;
  readonly idempotencyKey: string;
}): Promise<Outcome> {
  const { executor, command, caller, idempotencyKey } = order;
  const parsed = parseCommand(command, order.input);
  if (!parsed.ok) throw new Error(`${idempotencyKey}: ${JSON.stringify(parsed.issues)}`);
  return executor.execute(parsed.command, {
    caller,
    idempotencyKey,
    correlationId: newId('correlation', () => Bun.randomUUIDv7()),
    causationId: null,
    requestId: newId('request', () => Bun.randomUUIDv7()),
    traceparent: mintTraceparent(randomBytes),
    expectedVersion: null,
    reason: null,
  });
}

function responseOf(outcome: Outcome): unknown {
  if (outcome.kind === 'rejected' || outcome.receipt.status !== 'SUCCEEDED') return null;
  const { response } = outcome.receipt;
  return response === null ? null : JSON.parse(new TextDecoder().decode(response));
}

function reasonOf(outcome: Outcome): string {
  if (outcome.kind === 'rejected') return `${outcome.code}: ${outcome.detail}`;
  return `${outcome.receipt.status}: ${new TextDecoder().decode(outcome.receipt.bytes)}`;
}
