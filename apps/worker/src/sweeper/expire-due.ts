import { type CommandMetadata, type Executor, parseCommand, type StoredReceipt } from '@karmanflow/commands';
import { workerLimits } from '../worker-limits.ts';
import type { DueEnd, Perishable } from './due-ends.ts';

/**
 * expired   this command ended it
 * replayed  another worker's, or an earlier attempt of ours, did
 * refused   somebody was faster: it was decided, resolved or extended
 * denied    policy does not let the sweeper
 * failed    it was not tried or went wrong; the next sweep tries again
 */
export const expiryOutcomes = ['expired', 'replayed', 'refused', 'denied', 'failed'] as const;
export type ExpiryOutcome = (typeof expiryOutcomes)[number];

export type ExpiryMetadata = Omit<CommandMetadata, 'idempotencyKey' | 'expectedVersion' | 'reason'>;

/**
 * Ends what is over. The key names it and its end, so that any number of workers and attempts have one effect, and an
 * end that an extension sets later has a key of its own.
 *
 * A refusal uses its key up. Normally that is right, since what refuses is final. But a server that takes over with its
 * clock slightly behind may refuse as too early what was read as over; it would then never end. So a repeat that
 * is answered with such a refusal of the very same end goes on under a key that follows from that refusal's receipt.
 */
export async function expireDue(
  perishable: Perishable,
  due: DueEnd,
  ports: { readonly executor: Executor; readonly metadata: ExpiryMetadata },
): Promise<ExpiryOutcome> {
  const { command } = perishable;
  const input = perishable.inputOf(due.uuid);
  const parsed = parseCommand(command, input);
  if (!parsed.ok) throw new Error(`${command.type} does not take ${due.uuid}`);
  const firstKey = `expire:${Object.values(input).join(':')}:${due.expiresAt}`;
  let idempotencyKey = firstKey;
  for (let attempt = 0; attempt < workerLimits.keysPerExpiry; attempt += 1) {
    const metadata = { ...ports.metadata, idempotencyKey, expectedVersion: null, reason: null };
    const outcome = await ports.executor.execute(parsed.command, metadata);
    if (outcome.kind === 'rejected') return 'failed';
    const { receipt, replayed } = outcome;
    if (receipt.status === 'SUCCEEDED') return replayed ? 'replayed' : 'expired';
    if (receipt.status !== 'REFUSED') return 'denied';
    if (!replayed || !wasTooEarly(receipt, perishable, due)) return 'refused';
    idempotencyKey = `${firstKey}:after:${receipt.id}`;
  }
  return 'failed';
}

/** Whether the receipt refuses because that end had not come, on the clock of its transaction. */
function wasTooEarly(receipt: StoredReceipt, { tooEarly }: Perishable, { expiresAt }: DueEnd): boolean {
  // Our own canonical bytes, whose form is ReceiptBody.
  const { refusal } = JSON.parse(new TextDecoder().decode(receipt.bytes)) as {
    readonly refusal: { readonly code: string; readonly detail: Readonly<Record<string, unknown>> } | null;
  };
  return refusal?.code === tooEarly && refusal.detail['expiresAt'] === expiresAt;
}
