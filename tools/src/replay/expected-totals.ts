import { gunzipSync } from 'node:zlib';

/** What the file itself says should stand in the end, per SKU. */
export interface ExpectedTotals {
  readonly soldUnits: number;
  readonly returnedUnits: number;
  readonly writtenOffUnits: number;
}

/**
 * The totals computed a second way, on purpose sharing nothing with the replay: the whole file at once, columns by position,
 * its own reading of quotes. If both agree, neither misread the file in the same way.
 */
export async function expectedTotals(path: string): Promise<ReadonlyMap<string, ExpectedTotals>> {
  const raw = new Uint8Array(await Bun.file(path).arrayBuffer());
  const text = new TextDecoder().decode(path.endsWith('.gz') ? gunzipSync(raw) : raw);
  const totals = new Map<string, { soldUnits: number; returnedUnits: number; writtenOffUnits: number }>();
  for (const line of text.split(/\r?\n/).slice(1)) {
    const cells = cellsOf(line);
    if (cells.length !== 8) continue;
    const [invoice = '', code = '', , quantity = '', date = ''] = cells;
    const units = Number.parseInt(quantity, 10);
    const usable =
      /^C?\d{6}$/.test(invoice) &&
      String(units) === quantity &&
      units !== 0 &&
      Math.abs(units) <= 1e6 &&
      /^\d\d\/\d\d\/\d{4} \d\d:\d\d$/.test(date);
    // Goods have a stock code with at least four digits in it; charges and fees have none or one.
    const digits = code.replaceAll(/\D/g, '').length;
    if (!usable || digits < 4 || (invoice.startsWith('C') && units > 0)) continue;
    const sku = code.toUpperCase();
    const total = totals.get(sku) ?? { soldUnits: 0, returnedUnits: 0, writtenOffUnits: 0 };
    totals.set(sku, total);
    if (invoice.startsWith('C')) total.returnedUnits -= units;
    else if (units < 0) total.writtenOffUnits -= units;
    else total.soldUnits += units;
  }
  return totals;
}

function cellsOf(line: string): string[] {
  const cells: string[] = [];
  for (const match of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    cells.push((match[1]?.replaceAll('""', '"') ?? match[2] ?? '').trim());
  }
  return cells;
}
