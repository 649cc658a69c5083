import { createReceiptSigner } from '@karmanflow/receipts';
import { openDatabase } from '@karmanflow/schema';
import { createExecutor } from '../executor/executor.ts';
import type { Caller } from '../executor/metadata.ts';
import { execute, metadataFor, processPorts } from './test-tenant.ts';

/** What the process is told, as JSON on its standard input. */
export interface HammerOrder {
  readonly databaseUrl: string;
  /** base64 of the seed of the receipt key. */
  readonly seed: string;
  /** The caller, its scopes as a list. */
  readonly caller: Omit<Caller, 'scopes'> & { readonly scopes: readonly string[] };
  readonly level: { readonly variantId: string; readonly locationId: string };
  readonly commands: number;
  /** Keys are shared between the processes: each is sent by all of them. */
  readonly sharedKeys: readonly string[];
}

/** What it answers, as JSON on its standard output: receipts by what they say. */
export interface HammerReport {
  readonly words: readonly string[];
  readonly receiptIdOfKey: Readonly<Record<string, string>>;
}

/** A process of its own that reserves one unit of one level again and again, all at once. */
async function hammer(order: HammerOrder): Promise<HammerReport> {
  const database = openDatabase({ url: order.databaseUrl, applicationName: 'kf-test-hammer' });
  const signer = createReceiptSigner({ privateKey: Buffer.from(order.seed, 'base64') });
  const executor = createExecutor(processPorts(database, signer));
  const caller: Caller = { ...order.caller, scopes: new Set(order.caller.scopes) };
  const input = { lines: [{ ...order.level, quantity: 1 }] };
  const keys = [...order.sharedKeys, ...Array.from({ length: order.commands }, () => Bun.randomUUIDv7())];
  const outcomes = await Promise.all(
    keys.map((key) => execute(executor, 'reservation.create', input, metadataFor(caller, { key }))),
  );
  await executor.drain();
  await database.close();
  const receiptIdOfKey: Record<string, string> = {};
  for (const [index, key] of order.sharedKeys.entries()) {
    const outcome = outcomes[index];
    if (outcome?.kind === 'receipt') receiptIdOfKey[key] = outcome.receipt.id;
  }
  const words = outcomes.map((outcome) => (outcome.kind === 'receipt' ? outcome.receipt.status : outcome.code));
  return { words, receiptIdOfKey };
}

if (import.meta.main) {
  const order: HammerOrder = JSON.parse(await Bun.stdin.text());
  await Bun.write(Bun.stdout, JSON.stringify(await hammer(order)));
  process.exit(0);
}
