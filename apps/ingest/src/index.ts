export { createIngest, type Ingest, type IngestOptions } from './create-ingest.ts';
export { configurationShape } from './configuration.ts';
