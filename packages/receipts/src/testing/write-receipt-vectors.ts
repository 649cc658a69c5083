// Writes vectors/receipts.json anew: bun packages/receipts/src/testing/write-receipt-vectors.ts
import { buildReceiptVectors } from './receipt-vectors.ts';

const target = new URL('../../vectors/receipts.json', import.meta.url);
await Bun.write(target, `${JSON.stringify(buildReceiptVectors(), null, 2)}\n`);
