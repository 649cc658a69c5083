import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { misspelt, registry, verdict } from '../example.ts';

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

test('the example does what it says', () => {
  expect([...registry.commands.keys()]).toEqual(['stores.open_place']);
  expect(misspelt).toMatchObject({ ok: false, issues: [{ path: 'name' }, { path: 'nmae', message: 'unknown field' }] });
  expect(verdict).toEqual({
    kind: 'accept',
    events: [
      {
        type: 'stores.place.opened',
        data: { placeId: 'loc_019b76da-a800-7000-8000-000000000004', code: 'BER-1', name: 'Berlin' },
      },
    ],
    response: { placeId: 'loc_019b76da-a800-7000-8000-000000000004' },
  });
});

test('the README shows it verbatim', () => {
  expect(textOf('../README.md')).toContain(`\`\`\`ts\n${textOf('../example.ts')}\`\`\`\n`);
});
