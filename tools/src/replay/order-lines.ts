import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';

/** One line of the file as a retailer's system wrote it, or why it cannot be used. Line 1 is the header. */
export type OrderLine =
  | {
      readonly kind: 'sale';
      readonly line: number;
      readonly invoice: string;
      readonly sku: string;
      readonly name: string;
      readonly units: number;
    }
  /** A cancellation of an earlier invoice: the goods come back. */
  | {
      readonly kind: 'return';
      readonly line: number;
      readonly invoice: string;
      readonly sku: string;
      readonly name: string;
      readonly units: number;
    }
  /** A negative quantity that is not a cancellation: stock that was lost, broken or never there. */
  | {
      readonly kind: 'write-off';
      readonly line: number;
      readonly invoice: string;
      readonly sku: string;
      readonly name: string;
      readonly units: number;
    }
  | { readonly kind: 'not-goods'; readonly line: number; readonly reason: string }
  | { readonly kind: 'bad'; readonly line: number; readonly reason: string };

export type StockLine = Extract<OrderLine, { sku: string }>;

const notGoods = /^(?:POST|D|M|S|DOT|C2|CRUK|PADS|B|AMAZONFEE|BANK CHARGES|gift_.*|TEST.*)$/i;
const unitsMax = 1_000_000;

/** What a record says. Pure. SKUs are upper-cased: the file writes 85123a and 85123A for the same thing. */
export function readOrderLine(record: Readonly<Record<string, string | undefined>>, line: number): OrderLine {
  const bad = (reason: string): OrderLine => ({ kind: 'bad', line, reason });
  const invoice = record['InvoiceNo']?.trim() ?? '';
  const code = record['StockCode']?.trim() ?? '';
  const quantity = record['Quantity']?.trim() ?? '';
  if (!/^C?[0-9]{6}$/.test(invoice)) return bad('the invoice number is not six digits');
  if (!/^[A-Za-z0-9][A-Za-z0-9 _]{0,31}$/.test(code)) return bad('the stock code is missing or malformed');
  if (!/^-?[0-9]{1,9}$/.test(quantity)) return bad('the quantity is not a whole number');
  if (!/^[0-9]{2}\/[0-9]{2}\/[0-9]{4} [0-9]{2}:[0-9]{2}$/.test(record['InvoiceDate']?.trim() ?? '')) {
    return bad('the date is not dd/mm/yyyy hh:mm');
  }
  if (notGoods.test(code))
    return { kind: 'not-goods', line, reason: `${code} is a charge or an adjustment, not goods` };
  const signed = Number(quantity);
  const units = Math.abs(signed);
  if (units === 0 || units > unitsMax) return bad(`the quantity ${quantity} is out of range`);
  const cancellation = invoice.startsWith('C');
  if (cancellation && signed > 0) return bad('a cancellation with a positive quantity');
  const sku = code.toUpperCase();
  const name =
    record['Description']
      ?.replaceAll(/\p{Cc}/gu, ' ')
      .trim()
      .slice(0, 200) || sku;
  if (cancellation) return { kind: 'return', line, invoice, sku, name, units };
  return { kind: signed < 0 ? 'write-off' : 'sale', line, invoice, sku, name, units };
}

/** Reads a CSV file, gzipped when its name says so, record by record. A record that does not parse comes out as bad. */
export async function* readOrderLines(path: string): AsyncGenerator<OrderLine> {
  const skipped: OrderLine[] = [];
  const parser = parse({
    columns: true,
    bom: true,
    info: true,
    skip_records_with_error: true,
    max_record_size: 16_384,
    on_skip: (error) => {
      skipped.push({
        kind: 'bad',
        line: Number(error?.['lines'] ?? 0),
        reason: error?.code ?? 'the record does not parse',
      });
      return undefined;
    },
  });
  const file = createReadStream(path);
  const text = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  for (const stream of [file, text]) stream.on('error', (error) => parser.destroy(error));
  text.pipe(parser);
  for await (const { record, info } of parser as AsyncIterable<{
    record: Record<string, string>;
    info: { lines: number };
  }>) {
    yield* skipped.splice(0);
    yield readOrderLine(record, info.lines);
  }
  yield* skipped;
}
