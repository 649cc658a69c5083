import type { CommandClient } from './command-client.ts';
import type { ExpectedTotals } from './expected-totals.ts';
import { type OrderLine, readOrderLines, type StockLine } from './order-lines.ts';

export interface ReplayReport {
  readonly lines: number;
  readonly saleLines: number;
  readonly returnLines: number;
  readonly writeOffLines: number;
  readonly soldUnits: number;
  readonly returnedUnits: number;
  readonly writtenOffUnits: number;
  /** Lines that changed nothing, with the reason. */
  readonly reported: readonly { readonly line: number; readonly reason: string }[];
  readonly locationId: string;
  /** Variant ids by SKU, of every SKU that the file names. */
  readonly variants: ReadonlyMap<string, string>;
}

export interface ReplayOptions {
  readonly path: string;
  readonly client: CommandClient;
  /** Names this file: the same file always uses the same idempotency keys, so a second run changes nothing. */
  readonly fileName: string;
  readonly expected: ReadonlyMap<string, ExpectedTotals>;
  readonly onProgress: (linesDone: number) => void;
}

const workers = 32;
const backlogPerWorker = 64;
const holdSeconds = 4 * 60 * 60;

/**
 * Turns the lines of a file into commands: stock is registered when a SKU is first seen, a sale reserves and commits, a
 * cancellation restocks (taking back the reservation itself is R2 and would wait for a human), a write-off adjusts.
 * Lines of one SKU keep their order; different SKUs run side by side.
 */
export async function replayOrders(options: ReplayOptions): Promise<ReplayReport> {
  const report = {
    lines: 0,
    saleLines: 0,
    returnLines: 0,
    writeOffLines: 0,
    soldUnits: 0,
    returnedUnits: 0,
    writtenOffUnits: 0,
  };
  const reported: { line: number; reason: string }[] = [];
  const stock = await openStock(options);
  const queues = Array.from({ length: workers }, () => new WorkQueue());
  let done = 0;

  async function handle(line: StockLine): Promise<void> {
    const refusal = await stock.apply(line);
    if (refusal) reported.push({ line: line.line, reason: refusal });
    else if (line.kind === 'sale') {
      report.saleLines += 1;
      report.soldUnits += line.units;
    } else if (line.kind === 'return') {
      report.returnLines += 1;
      report.returnedUnits += line.units;
    } else {
      report.writeOffLines += 1;
      report.writtenOffUnits += line.units;
    }
    done += 1;
    options.onProgress(done);
  }

  for await (const line of readOrderLines(options.path)) {
    report.lines += 1;
    if (!isStockLine(line)) {
      reported.push({ line: line.line, reason: line.reason });
      done += 1;
      continue;
    }
    const queue = queues[Number(Bun.hash(line.sku) % BigInt(workers))];
    await queue?.add(() => handle(line));
  }
  await Promise.all(queues.map((queue) => queue.finish()));
  return {
    ...report,
    locationId: stock.locationId,
    variants: await stock.variants(),
    reported: reported.toSorted((one, other) => one.line - other.line),
  };
}

function isStockLine(line: OrderLine): line is StockLine {
  return 'sku' in line;
}

/** Runs jobs one after the other, and lets its caller wait while too many are open. */
class WorkQueue {
  #tail: Promise<void> = Promise.resolve();
  #open = 0;
  #failure: unknown = null;

  async add(job: () => Promise<void>): Promise<void> {
    if (this.#failure) throw this.#failure;
    this.#open += 1;
    this.#tail = this.#tail
      .then(() => (this.#failure ? undefined : job()))
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#open -= 1;
      });
    if (this.#open > backlogPerWorker) await this.#tail;
  }

  async finish(): Promise<void> {
    await this.#tail;
    if (this.#failure) throw this.#failure;
  }
}

interface Stock {
  /** null when done, else why the line was refused. */
  apply(line: StockLine): Promise<string | null>;
  readonly locationId: string;
  variants(): Promise<ReadonlyMap<string, string>>;
}

export const locationCodeOf = (fileName: string): string => `REPLAY-${fileName}`;

async function openStock({ client, fileName, expected }: ReplayOptions): Promise<Stock> {
  const code = locationCodeOf(fileName);
  const registered = await client.send(
    'inventory.register_location',
    { code, name: `Replay of ${fileName}` },
    `replay:${fileName}:location`,
  );
  const locationId = idOf(registered, 'locationId');
  const variants = new Map<string, Promise<string>>();

  /** Registers the SKU and puts on the shelf what the file will ask for. */
  async function register(sku: string, name: string): Promise<string> {
    const variantId = idOf(
      await client.send('inventory.register_variant', { sku, name }, `replay:${fileName}:variant:${sku}`),
      'variantId',
    );
    const { soldUnits = 0, writtenOffUnits = 0 } = expected.get(sku) ?? {};
    const delta = soldUnits + writtenOffUnits;
    if (delta > 0) {
      const input = { variantId, locationId, delta, reason: 'opening stock' };
      const opened = await client.send('inventory.adjust', input, `replay:${fileName}:open:${sku}`);
      if (!opened.ok) throw new Error(`opening stock of ${sku} was refused: ${opened.code}`);
    }
    return variantId;
  }

  async function sell(line: StockLine, variantId: string): Promise<string | null> {
    // A hold that ran out while the replay was interrupted is taken anew, under a key of its own.
    for (let take = 1; take <= 8; take += 1) {
      const key = `replay:${fileName}:${line.line}:${take}`;
      const lines = [{ variantId, locationId, quantity: line.units }];
      const held = await client.send(
        'reservation.create',
        { reference: line.invoice, holdSeconds, lines },
        `${key}:reserve`,
      );
      if (!held.ok) return `${held.code} ${JSON.stringify(held.detail)}`;
      const committed = await client.send(
        'reservation.commit',
        { reservationId: held.data['reservationId'] },
        `${key}:commit`,
      );
      if (committed.ok) return null;
      if (committed.code !== 'reservation_expired') return `${committed.code} ${JSON.stringify(committed.detail)}`;
    }
    return 'the hold expired eight times before it could be committed';
  }

  return {
    locationId,
    variants: async () => new Map(await Promise.all([...variants].map(async ([sku, id]) => [sku, await id] as const))),
    async apply(line) {
      const variant = variants.get(line.sku) ?? register(line.sku, line.name);
      variants.set(line.sku, variant);
      const variantId = await variant;
      if (line.kind === 'sale') return sell(line, variantId);
      const restock = line.kind === 'return';
      const answer = await client.send(
        'inventory.adjust',
        {
          variantId,
          locationId,
          delta: restock ? line.units : -line.units,
          reason: restock ? `returned with ${line.invoice}` : `written off on ${line.invoice}`,
        },
        `replay:${fileName}:${line.line}:adjust`,
      );
      return answer.ok ? null : `${answer.code} ${JSON.stringify(answer.detail)}`;
    },
  };
}

/** The id that a registration made, or that an earlier one with the same name made. */
function idOf(answer: Awaited<ReturnType<CommandClient['send']>>, field: string): string {
  const id = answer.ok ? answer.data[field] : answer.detail[field];
  if (typeof id !== 'string') throw new Error(`no ${field}: ${answer.ok ? 'an unexpected answer' : answer.code}`);
  return id;
}
