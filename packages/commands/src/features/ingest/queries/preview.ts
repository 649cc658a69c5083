import { idShape, limits, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { defineQuery } from '../../../definition/query.ts';
import { parseCommand } from '../../../executor/parse-command.ts';
import { mapMessage } from '../mapping/map-message.ts';
import { parseMapping } from '../mapping/mapping-document.ts';
import { mappingOf } from '../mapping/mapping-of.ts';
import { resolveMessage } from '../resolve-message.ts';

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
  output: v.strictObject({
    result: v.picklist(['command', 'ignored', 'unprocessable']),
    commandType: v.nullable(v.string()),
    input: v.unknown(),
    /** The level is brought to this number: `delta` is what is missing when the message comes. */
    setLevel: v.nullable(v.strictObject({ quantity: v.string(), to: v.number() })),
    reason: v.nullable(v.string()),
    problems: v.array(v.string()),
  }),
  run: async ({ ingestSourceId, payload, headers, mapping: given }, ctx) => {
    const failed = (reason: string, problems: readonly string[]) => ({
      result: 'unprocessable' as const,
      commandType: null,
      input: null,
      setLevel: null,
      reason,
      problems: [...problems],
    });
    const source = await mappingOf(ctx.database, { tenantId: ctx.tenantId, ingestSourceId });
    // A source of another environment is not there for who asks from this one.
    if (!source || source.environmentId !== toUuid(ctx.environmentId)) return null;
    const document = given === undefined ? source.document : readText(given);
    if (document === undefined) return failed('mapping_missing', []);
    const parsed = parseMapping(document);
    if (!parsed.ok) return failed('mapping_invalid', parsed.problems);
    const pairs = headersOf(readText(headers));
    const reading = mapMessage(parsed.mapping, {
      body: new TextEncoder().encode(payload),
      header: (name) => pairs.get(name) ?? null,
    });
    const outcome =
      reading.kind === 'read'
        ? reading.toCommand(
            await resolveMessage(ctx.database, { scope: ctx.scope, ingestSourceId, names: reading.names }),
          )
        : reading;
    if (outcome.kind === 'ignored') return { ...failed('', []), result: 'ignored' as const, reason: null };
    if (outcome.kind === 'unprocessable') {
      const issues = outcome.issues.map(({ path, message }) => `${path}: ${message}`);
      const unknown = Object.values(outcome.unknown ?? {}).flatMap((list: readonly string[]) => list);
      return failed(outcome.reason, [outcome.detail, ...issues, ...unknown]);
    }
    const { commandType, input, setLevel } = outcome.command;
    const definition = ctx.registry.commands.get(commandType);
    if (!definition) return failed('mapping_invalid', [`there is no command ${commandType}`]);
    const known = parseCommand(definition, setLevel === null ? input : { ...Object(input), delta: 1 });
    if (!known.ok)
      return failed(
        'input_invalid',
        known.issues.map(({ path, message }) => `${path}: ${message}`),
      );
    return { result: 'command' as const, commandType, input, setLevel, reason: null, problems: [] };
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
