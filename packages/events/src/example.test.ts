import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { createUpcaster } from '@karmanflow/events';
import { shelfCounted, shelfReport } from '../consumer-example.ts';
import { draft, event } from '../example.ts';

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

test('the example does what it says', () => {
  expect(draft.type).toBe('inventory.variant.renamed');
  expect(event).toMatchObject({ eventType: draft.type, data: draft.data, entities: [{ version: 2 }] });
});

test('the example of a consumer reads an event of a past version as the newest, and has both tracks', () => {
  const stored = { ...event, eventType: shelfCounted.type, eventVersion: 1, data: { shelf: 'A', boxes: 2 } };
  expect(createUpcaster([shelfCounted])(stored)).toMatchObject({ eventVersion: 2, data: { shelf: 'A', pieces: 24 } });
  const consumer = shelfReport(async () => true);
  expect([consumer.name, typeof consumer.projection, typeof consumer.sideEffect]).toEqual([
    'shelf_report',
    'object',
    'function',
  ]);
});

test.each(['../example.ts', '../consumer-example.ts'])('the README shows %s verbatim', (path) => {
  expect(textOf('../README.md')).toContain(`\`\`\`ts\n${textOf(path)}\`\`\`\n`);
});
