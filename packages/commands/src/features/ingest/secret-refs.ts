import * as v from 'valibot';
import { secretReferenceShape } from '../access/index.ts';
import { ingestBounds } from './ingest-bounds.ts';

/** The live secrets of a source, by reference. Several are live while one replaces another. */
export const secretRefsShape: v.GenericSchema<string[], string[]> = v.pipe(
  v.array(secretReferenceShape),
  v.minLength(1, 'must name at least one secret'),
  v.maxLength(ingestBounds.secretsPerSource, `must name at most ${ingestBounds.secretsPerSource} secrets`),
  v.check((refs) => new Set(refs).size === refs.length, 'must name each secret once'),
  v.examples([['secrets://web-shop']]),
);
