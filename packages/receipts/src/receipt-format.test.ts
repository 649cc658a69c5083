import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { receiptVerificationCodes } from './verify-receipt.ts';
import { succeeded } from './testing/sample-receipts.ts';

const page = readFileSync(new URL('../../../docs/reference/receipt-format.md', import.meta.url), 'utf8');

/** The names in the first column of the table under a heading of the page. */
function namesUnder(heading: string): readonly string[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name ?? '');
}

test('the reference lists each field of the body, in order', () => {
  expect(namesUnder('The body')).toEqual(Object.keys(succeeded));
});

test('the reference lists each reason to refuse, in order of precedence', () => {
  expect(namesUnder('Reasons to refuse')).toEqual([...receiptVerificationCodes]);
});
