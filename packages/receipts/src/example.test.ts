import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { refused, verified } from '../example.ts';

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

test('the example does what it says', () => {
  expect(verified).toMatchObject({ ok: true, body: { status: 'REFUSED', refusal: { code: 'stock_insufficient' } } });
  expect(refused).toEqual({ ok: false, code: 'hash_mismatch', detail: 'hash is not that of the receipt' });
});

test('the README shows it verbatim', () => {
  expect(textOf('../README.md')).toContain(`\`\`\`ts\n${textOf('../example.ts')}\`\`\`\n`);
});
