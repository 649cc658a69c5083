import {
  type AnyCommand,
  type Caller,
  type CommandMetadata,
  type Executor,
  parseCommand,
  type StoredReceipt,
} from '@karmanflow/commands';
import type { RequestIdentity } from '@karmanflow/runtime';
import { newId, type UuidSource } from '@karmanflow/schema';

/**
 * done      this command, another worker's or an earlier attempt of ours did it
 * refused   it was not to be done any more, or not at all
 * denied    policy does not let the bulk runner
 * failed    it was not tried or went wrong; a later visit tries again
 */
export const partOutcomes = ['done', 'refused', 'denied', 'failed'] as const;
export type PartOutcome = (typeof partOutcomes)[number];

export interface PartResult {
  readonly outcome: PartOutcome;
  readonly replayed: boolean;
  /** The refusal's code; null otherwise. */
  readonly refusal: string | null;
  /** What the command answered; empty unless it is done. */
  readonly response: Readonly<Record<string, unknown>>;
}

export interface PartPorts {
  readonly executor: Executor;
  readonly caller: Caller;
  readonly identity: RequestIdentity;
  readonly uuidSource: UuidSource;
}

export interface Part {
  readonly definition: AnyCommand;
  readonly input: Readonly<Record<string, unknown>>;
  /** Follows from what is to be done, so that any number of workers and attempts have one effect. */
  readonly idempotencyKey: string;
  /** The receipt of the command that this one is a part of. */
  readonly causationId: string | null;
}

/** Sends one command of an operation, with a receipt of its own. Throws for what the command does not take: a bug of ours. */
export async function sendPart(part: Part, ports: PartPorts): Promise<PartResult> {
  const { definition, input, idempotencyKey, causationId } = part;
  const parsed = parseCommand(definition, input);
  if (!parsed.ok) throw new Error(`${definition.type} does not take ${JSON.stringify(parsed.issues)}`);
  const metadata: CommandMetadata = {
    caller: ports.caller,
    idempotencyKey,
    correlationId: ports.identity.correlationId,
    causationId,
    requestId: newId('request', ports.uuidSource),
    traceparent: ports.identity.traceparent,
    expectedVersion: null,
    reason: null,
  };
  const outcome = await ports.executor.execute(parsed.command, metadata);
  const nothing = { replayed: false, refusal: null, response: {} };
  if (outcome.kind === 'rejected') return { ...nothing, outcome: 'failed' };
  const { receipt, replayed } = outcome;
  if (receipt.status === 'SUCCEEDED')
    return { outcome: 'done', replayed, refusal: null, response: responseOf(receipt) };
  if (receipt.status !== 'REFUSED') return { ...nothing, outcome: 'denied' };
  return { ...nothing, outcome: 'refused', replayed, refusal: refusalOf(receipt) };
}

// Both are our own canonical bytes, an object each.
const jsonOf = (bytes: Uint8Array): Readonly<Record<string, unknown>> => JSON.parse(new TextDecoder().decode(bytes));

function responseOf({ response }: StoredReceipt): Readonly<Record<string, unknown>> {
  return response === null ? {} : jsonOf(response);
}

function refusalOf({ bytes }: StoredReceipt): string | null {
  const refusal = jsonOf(bytes)['refusal'] as { readonly code: string } | null;
  return refusal?.code ?? null;
}
