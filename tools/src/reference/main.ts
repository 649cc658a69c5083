import { join } from 'node:path';
import { referencePages } from './reference-pages.ts';

/** bun run reference: writes the generated pages of docs/reference. */
const directory = join(import.meta.dir, '../../../docs/reference');
for (const [name, text] of Object.entries(referencePages())) {
  await Bun.write(join(directory, name), text);
  process.stdout.write(`docs/reference/${name}\n`);
}
