import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { referencePages } from './reference-pages.ts';

const directory = join(import.meta.dir, '../../../docs/reference');

for (const [name, text] of Object.entries(referencePages())) {
  test(`docs/reference/${name} is what the code says; \`bun run reference\` writes it`, async () => {
    expect(text.length).toBeGreaterThan(300);
    expect(await Bun.file(join(directory, name)).text()).toBe(text);
  });
}
