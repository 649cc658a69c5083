import * as v from 'valibot';
import { idShape } from '@karmanflow/schema';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { ingestSource, ingestSourceSecretsChanged, secretReferenceShape } from '../../access/index.ts';
import { ingestBounds } from '../ingest-bounds.ts';
import { loadSource, sourceInput, sourceRow } from '../source-input.ts';

const references = v.optional(v.pipe(v.array(secretReferenceShape), v.maxLength(ingestBounds.secretsPerSource)), []);

/** Add the new one, let the sender change over, remove the old one: in between either verifies. */
export const rotateSecret = defineCommand({
  type: 'ingest.rotate_secret',
  version: 1,
  summary: 'Adds and removes secrets of a source, by reference. Waits for a named human.',
  risk: 'R2',
  scope: 'ingest.source:rotate_secret',
  environment: 'control',
  input: v.pipe(
    v.strictObject({ ...sourceInput.entries, add: references, remove: references }),
    v.check(({ add, remove }) => add.length + remove.length > 0, 'must add or remove at least one secret'),
    v.check(({ add, remove }) => !add.some((one) => remove.includes(one)), 'must not add and remove the same secret'),
    v.check(
      ({ add, remove }) => new Set(add).size === add.length && new Set(remove).size === remove.length,
      'must name each secret once',
    ),
    v.examples([
      {
        ingestSourceId: 'src_0192c7a0-5b1e-7c3d-8a4f-6e5d4c3b2a19',
        add: ['secrets://web-shop/2'],
        remove: [] as string[],
      },
    ]),
  ),
  output: v.strictObject({ ingestSourceId: idShape('ingestSource'), secretRefs: v.array(v.string()) }),
  refusals: ['ingest_source_not_found', 'secret_already_live', 'secret_not_live', 'secret_count_out_of_range'],
  load: loadSource,
  versioned: sourceRow,
  decide: (state, { ingestSourceId, add, remove }) => {
    const source = state.get(ingestSource, { id: ingestSourceId });
    if (!source) return refuse('ingest_source_not_found', { ingestSourceId });
    const already = add.filter((reference) => source.secretRefs.includes(reference));
    if (already.length > 0) return refuse('secret_already_live', { secretRefs: already });
    const missing = remove.filter((reference) => !source.secretRefs.includes(reference));
    if (missing.length > 0) return refuse('secret_not_live', { secretRefs: missing });
    const secretRefs = [...source.secretRefs.filter((reference) => !remove.includes(reference)), ...add];
    const max = ingestBounds.secretsPerSource;
    if (secretRefs.length < 1 || secretRefs.length > max) {
      return refuse('secret_count_out_of_range', { count: secretRefs.length, min: 1, max });
    }
    return accept({
      events: [ingestSourceSecretsChanged.of({ ingestSourceId, secretRefs })],
      response: { ingestSourceId, secretRefs },
    });
  },
});
