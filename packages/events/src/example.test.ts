import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { draft, event } from '../example.ts';

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

test('the example does what it says', () => {
  expect(draft.type).toBe('inventory.variant.renamed');
  expect(event).toMatchObject({ eventType: draft.type, data: draft.data, entities: [{ version: 2 }] });
});

test('the README shows it verbatim', () => {
  expect(textOf('../README.md')).toContain(`\`\`\`ts\n${textOf('../example.ts')}\`\`\`\n`);
});
