import { idShape, limits, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { defineQuery } from '../../../definition/query.ts';
import { parseMapping } from '../mapping/mapping-document.ts';
import { mappingOf } from '../mapping/mapping-of.ts';
import { failedPreview, previewMessage, previewShape } from '../preview-message.ts';

// A query arrives in the query string, which servers bound.
const payloadCharacters = 4_000;
const json = (lengthMax: number, example: string) =>
  v.pipe(
    v.string(),
    v.maxLength(lengthMax, `must have at most ${lengthMax} characters`),
    v.check((text) => readText(text) !== undefined, 'must be JSON text'),
    v.examples([example]),
  );

/** What a payload would become, by a mapping that is tried or by the one of the source. Nothing is verified, nothing written. */
export const previewMapping = defineQuery({
  type: 'ingest.mapping_preview',
  summary: 'What a payload would become, by the mapping of a source or by another one. Nothing is executed.',
  scope: 'ingest.mapping:preview',
  input: v.strictObject({
    ingestSourceId: idShape('ingestSource'),
    /** JSON text of the body. */
    payload: json(payloadCharacters, '{"line_items":[]}'),
    /** JSON text of an object: the headers that the mapping reads. */
    headers: v.optional(json(limits.textLength * 10, '{"x-shopify-topic":"orders/create"}'), '{}'),
    /** JSON text of the mapping to try; that of the source unless given. */
    mapping: v.optional(json(payloadCharacters, '{"template":"karmanflow"}')),
  }),
  output: previewShape,
  run: async ({ ingestSourceId, payload, headers, mapping: given }, ctx) => {
    const source = await mappingOf(ctx.database, { tenantId: ctx.tenantId, ingestSourceId });
    // A source of another environment is not there for who asks from this one.
    if (!source || source.environmentId !== toUuid(ctx.environmentId)) return null;
    const document = given === undefined ? source.document : readText(given);
    if (document === undefined) return failedPreview('mapping_missing', []);
    const parsed = parseMapping(document);
    if (!parsed.ok) return failedPreview('mapping_invalid', parsed.problems);
    const pairs = headersOf(readText(headers));
    return previewMessage({
      database: ctx.database,
      registry: ctx.registry,
      source: { scope: ctx.scope, ingestSourceId },
      mapping: parsed.mapping,
      message: { body: new TextEncoder().encode(payload), header: (name) => pairs.get(name) ?? null },
    });
  },
});

function readText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function headersOf(value: unknown): ReadonlyMap<string, string> {
  if (typeof value !== 'object' || value === null) return new Map();
  const entries = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return new Map(entries.map(([name, text]) => [name.toLowerCase(), text]));
}
