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
        data: { placeId: 'loc_00000000-0000-7000-8000-000000000001', code: 'BER-1', name: 'Berlin' },
      },
    ],
    response: { placeId: 'loc_00000000-0000-7000-8000-000000000001' },
  });
});

test('the README shows it verbatim', () => {
  expect(textOf('../README.md')).toContain(`\`\`\`ts\n${textOf('../example.ts')}\`\`\`\n`);
});
