import { afterAll, beforeAll } from 'bun:test';
import { prove } from '../testing/prove.ts';
import { type ServedIngest, serveIngest } from '../testing/serve-ingest.ts';
import { ingestChecks } from './index.ts';

let ingest: ServedIngest;
beforeAll(async () => {
  ingest = await serveIngest();
}, 60_000);
afterAll(() => ingest.stop());

prove(ingestChecks, (_asked, work) => work(ingest.target()));
