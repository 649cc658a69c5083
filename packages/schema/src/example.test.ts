import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { availableOf, complaints, inDatabase, kind, mistaken, status, whatToDo } from '../example.ts';

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

test('the example does what it says', () => {
  expect(inDatabase).toBe('019b76da-a800-7000-8000-000000000001');
  expect(mistaken).toBe(false);
  expect(complaints).toEqual(['must be an id of the form var_<uuid>', 'must be at most 1000000000']);
  expect(status).toBe(409);
  expect(whatToDo).toContain('Reserve less');
  expect(kind).toBe('entity');
  expect(availableOf({ on_hand: 5, reserved: 2 } as Parameters<typeof availableOf>[0])).toBe(3);
});

test('the README shows it verbatim', () => {
  expect(textOf('../README.md')).toContain(`\`\`\`ts\n${textOf('../example.ts')}\`\`\`\n`);
});
