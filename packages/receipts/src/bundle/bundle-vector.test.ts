import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { splitLines } from './split-lines.ts';
import { vectorLines, vectorPath } from './testing/bundle-vector.ts';
import { verifyBundle } from './verify-bundle.ts';

const file = Bun.file(join(import.meta.dir, 'testing', vectorPath));

test('the published example is a bundle as it is written today', async () => {
  expect((await file.text()).trimEnd().split('\n')).toEqual([...vectorLines()]);
});

test('the published example verifies under the keys that it brings', async () => {
  const verified = await verifyBundle({
    lines: splitLines(file.stream()),
    trust: { receiptKeys: null, logKeys: null },
  });
  expect(verified).toMatchObject({ ok: true, summary: { receipts: 9, events: 13, leaves: 4, checkpoints: 3 } });
});
