import { describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expectedTotals } from './expected-totals.ts';
import { type OrderLine, readOrderLine, readOrderLines } from './order-lines.ts';

const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
const record = (change: Record<string, string>) => ({
  InvoiceNo: '536365',
  StockCode: '85123a',
  Description: 'HEART',
  Quantity: '6',
  InvoiceDate: '01/12/2010 08:26',
  ...change,
});

describe('one record', () => {
  test('is a sale, a return or a write-off by invoice and sign', () => {
    expect(readOrderLine(record({}), 2)).toMatchObject({ kind: 'sale', sku: '85123A', units: 6, line: 2 });
    expect(readOrderLine(record({ InvoiceNo: 'C536379', Quantity: '-1' }), 3)).toMatchObject({
      kind: 'return',
      units: 1,
    });
    expect(readOrderLine(record({ Quantity: '-10', Description: '' }), 4)).toMatchObject({
      kind: 'write-off',
      name: '85123A',
    });
  });

  test('that is a charge is left out, one that is broken is bad, with a reason', () => {
    for (const StockCode of ['POST', 'D', 'M', 'BANK CHARGES', 'gift_0001_20']) {
      expect(readOrderLine(record({ StockCode }), 2).kind).toBe('not-goods');
    }
    const broken = [
      { Quantity: '1.5' },
      { Quantity: '0' },
      { Quantity: '' },
      { InvoiceNo: '12' },
      { StockCode: '' },
      { InvoiceDate: '2010-12-01' },
      { InvoiceNo: 'C536379', Quantity: '3' },
      { Quantity: '99999999' },
    ];
    for (const change of broken)
      expect(readOrderLine(record(change), 2)).toMatchObject({ kind: 'bad', reason: expect.any(String) });
  });
});

describe('a file', () => {
  const text = [
    header,
    '536365,85123A,"WHITE, ""HANGING"" HEART",6,01/12/2010 08:26,2.55,17850,United Kingdom',
    '536365,85123a,HEART,2,01/12/2010 08:26,2.55,,United Kingdom',
    'C536379,85123A,HEART,-1,01/12/2010 09:41,2.55,14527,United Kingdom',
    '536589,21777,,-10,01/12/2010 16:50,0,,United Kingdom',
    '536370,POST,POSTAGE,3,01/12/2010 08:45,18,12583,France',
    'too,few',
    '536371,22086,PAPER CHAIN,x,01/12/2010 09:00,2.55,13748,United Kingdom',
    '536372,22632,HAND WARMER,6,01/12/2010 09:01,1.85,17850,United Kingdom',
  ].join('\n');

  async function read(name: string, content: Uint8Array): Promise<{ lines: OrderLine[]; totals: unknown }> {
    const directory = await mkdtemp(join(tmpdir(), 'kf-orders-'));
    try {
      const path = join(directory, name);
      await Bun.write(path, content);
      const lines = await Array.fromAsync(readOrderLines(path));
      // A broken record is noticed apart from its neighbours; the report puts it in its place, as here.
      lines.sort((one, other) => one.line - other.line);
      return { lines, totals: Object.fromEntries(await expectedTotals(path)) };
    } finally {
      await rm(directory, { recursive: true });
    }
  }

  test('is read whole, broken lines included, and both computations agree', async () => {
    const plain = await read('orders.csv', new TextEncoder().encode(text));
    expect(plain.lines.map(({ kind, line }) => [kind, line])).toEqual([
      ['sale', 2],
      ['sale', 3],
      ['return', 4],
      ['write-off', 5],
      ['not-goods', 6],
      ['bad', 7],
      ['bad', 8],
      ['sale', 9],
    ]);
    expect(plain.totals).toEqual({
      '85123A': { soldUnits: 8, returnedUnits: 1, writtenOffUnits: 0 },
      '21777': { soldUnits: 0, returnedUnits: 0, writtenOffUnits: 10 },
      '22632': { soldUnits: 6, returnedUnits: 0, writtenOffUnits: 0 },
    });
    const zipped = await read('orders.csv.gz', gzipSync(text));
    expect(zipped).toEqual(plain);
  });
});
