import {
  type CommandMetadata,
  type Executor,
  parseCommand,
  reservation,
  type StoredReceipt,
} from '@karmanflow/commands';
import { workerLimits } from '../worker-limits.ts';
import type { DueReservation } from './due-reservations.ts';

/**
 * expired   this command ended the hold
 * replayed  another worker's, or an earlier attempt of ours, did
 * refused   somebody was faster: it was committed, cancelled or extended
 * denied    policy does not let the sweeper
 * failed    it was not tried or went wrong; the next sweep tries again
 */
export const expiryOutcomes = ['expired', 'replayed', 'refused', 'denied', 'failed'] as const;
export type ExpiryOutcome = (typeof expiryOutcomes)[number];

export type ExpiryMetadata = Omit<CommandMetadata, 'idempotencyKey' | 'expectedVersion' | 'reason'>;

/**
 * Ends one hold. The key names the hold and its end, so that any number of workers and attempts have one effect, and an
 * end that an extension sets later has a key of its own.
 *
 * A refusal uses its key up. Normally that is right, since what refuses is final. But a server that takes over with its
 * clock slightly behind may refuse as too early what was read as over; the hold would then never end. So a repeat that
 * is answered with such a refusal of the very same end goes on under a key that follows from that refusal's receipt.
 */
export async function expireReservation(
  held: DueReservation,
  ports: { readonly executor: Executor; readonly metadata: ExpiryMetadata },
): Promise<ExpiryOutcome> {
  const { reservationId, expiresAt } = held;
  const parsed = parseCommand(reservation.expire, { reservationId });
  if (!parsed.ok) throw new Error(`reservation.expire does not take ${reservationId}`);
  const firstKey = `expire:${reservationId}:${expiresAt}`;
  let idempotencyKey = firstKey;
  for (let attempt = 0; attempt < workerLimits.keysPerExpiry; attempt += 1) {
    const metadata = { ...ports.metadata, idempotencyKey, expectedVersion: null, reason: null };
    const outcome = await ports.executor.execute(parsed.command, metadata);
    if (outcome.kind === 'rejected') return 'failed';
    const { receipt, replayed } = outcome;
    if (receipt.status === 'SUCCEEDED') return replayed ? 'replayed' : 'expired';
    if (receipt.status !== 'REFUSED') return 'denied';
    if (!replayed || !wasTooEarly(receipt, expiresAt)) return 'refused';
    idempotencyKey = `${firstKey}:after:${receipt.id}`;
  }
  return 'failed';
}

/** Whether the receipt refuses because that end had not come, on the clock of its transaction. */
function wasTooEarly(receipt: StoredReceipt, expiresAt: string): boolean {
  // Our own canonical bytes, whose form is ReceiptBody.
  const { refusal } = JSON.parse(new TextDecoder().decode(receipt.bytes)) as {
    readonly refusal: { readonly code: string; readonly detail: Readonly<Record<string, unknown>> } | null;
  };
  return refusal?.code === 'reservation_not_expired' && refusal.detail['expiresAt'] === expiresAt;
}
