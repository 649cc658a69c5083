import { join } from 'node:path';
import { vectorLines, vectorPath } from './bundle-vector.ts';

// Usage: bun packages/receipts/src/bundle/testing/write-bundle-vector.ts. Only for a new version of the format.
await Bun.write(join(import.meta.dir, vectorPath), `${vectorLines().join('\n')}\n`);
