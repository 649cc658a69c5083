import { toId, toUuid } from '@karmanflow/schema';
import type { QueryResult } from 'pg';
import { type ApprovalProgress, type Outcome, rejected, type ReceiptStatus, type StoredReceipt } from './outcome.ts';
import type { QueuedCommand } from './queued-command.ts';
import { selectReceiptsById, selectReceiptsByKey, selectRows, type Statement } from './statements.ts';

export interface ReceiptRow {
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

interface Known {
  /** What the look-ups found. */
  readonly rows: readonly ReceiptRow[];
  readonly scope: readonly [string, string];
  readonly send: (statement: Statement) => Promise<QueryResult>;
}

/** Look-ups of receipts that may be there already, by key, or by id for those that consumed none. */
export function lookUpsOf(commands: readonly QueuedCommand[], scope: Known['scope']): Statement[] {
  const repeats = commands.filter((command) => command.mayBeRepeat);
  const keyed = repeats.flatMap(({ definition, keyHash }) =>
    keyHash === null ? [] : [{ commandType: definition.type, keyHash }],
  );
  const keyless = repeats.filter(({ keyHash }) => keyHash === null).map(({ receiptId }) => toUuid(receiptId));
  return [
    ...(keyed.length > 0 ? [selectReceiptsByKey(scope, keyed)] : []),
    ...(keyless.length > 0 ? [selectReceiptsById(scope, keyless)] : []),
  ];
}

/** A key that has a receipt is answered with it: nothing runs twice, and what ran answers the same for ever. */
export async function outcomesOf(
  commands: readonly QueuedCommand[],
  known: Known,
): Promise<ReadonlyMap<QueuedCommand, Outcome>> {
  const { rows } = known;
  const byId = new Map(rows.map((row) => [row.id, row]));
  const byKey = new Map(
    rows.map((row) => [`${row.command_type} ${row.idempotency_key_hash?.toString('hex') ?? row.id}`, row]),
  );
  const waiting = rows.filter(({ status }) => status === 'PENDING_APPROVAL');
  const endings = waiting.length === 0 ? new Map<string, ApprovalEnding>() : await endingsOf(waiting, known);
  const outcomes = new Map<QueuedCommand, Outcome>();
  for (const command of commands) {
    const { definition, keyHash } = command;
    const row = keyHash
      ? byKey.get(`${definition.type} ${Buffer.from(keyHash).toString('hex')}`)
      : byId.get(toUuid(command.receiptId));
    if (row) outcomes.set(command, replayOf(row, command, endings.get(row.id)));
  }
  return outcomes;
}

interface ApprovalRow {
  readonly id: string;
  readonly status: ApprovalProgress['status'];
  readonly approvals: number;
  readonly quorum: number;
  readonly expires_at: string;
  readonly failure: string | null;
  readonly execution_receipt_id: string | null;
}

interface ApprovalEnding {
  readonly progress: ApprovalProgress;
  readonly execution: ReceiptRow | undefined;
}

/** What became meanwhile of commands that waited for approval, by the id of the receipt that said so. */
async function endingsOf(waiting: readonly ReceiptRow[], { scope, send }: Known): Promise<Map<string, ApprovalEnding>> {
  const tuples = waiting.map(({ id }) => [id]);
  const found = await send(selectRows({ table: 'approvals', where: ['id'], locked: false, scope, tuples }));
  const approvals = found.rows as ApprovalRow[];
  const ids = approvals.flatMap(({ execution_receipt_id: id }) => id ?? []);
  const receipts = ids.length === 0 ? [] : ((await send(selectReceiptsById(scope, ids))).rows as ReceiptRow[]);
  return new Map(
    approvals.map((row) => [
      row.id,
      {
        progress: {
          approvalId: toId('approval', row.id),
          status: row.status,
          approvals: Number(row.approvals),
          quorum: Number(row.quorum),
          expiresAt: row.expires_at,
          failure: row.failure,
        },
        execution: receipts.find(({ id }) => id === row.execution_receipt_id),
      },
    ]),
  );
}

function replayOf(row: ReceiptRow, command: QueuedCommand, ending: ApprovalEnding | undefined): Outcome {
  const own = toUuid(command.receiptId) === row.id;
  if (!own && !row.payload_hash.equals(command.payloadHash)) {
    return rejected('idempotency_key_reused', `the key belongs to ${toId('receipt', row.id)}`);
  }
  const outcome = { kind: 'receipt', replayed: !own } as const;
  if (!ending) return { ...outcome, receipt: receiptFrom(row) };
  // It ran meanwhile: then that is the answer, whatever it was.
  return { ...outcome, receipt: receiptFrom(ending.execution ?? row), approval: ending.progress };
}

function receiptFrom(row: ReceiptRow): StoredReceipt {
  return {
    id: toId('receipt', row.id),
    commandType: row.command_type,
    status: row.status,
    bytes: row.body,
    hash: row.hash,
    signature: row.signature,
    keyId: row.key_id,
    response: row.response,
  };
}
