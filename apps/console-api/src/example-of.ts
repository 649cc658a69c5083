import type { JsonSchema } from './valibot-bridge.ts';

/** What a reader expects in a field of that name. */
const words: Readonly<Record<string, string>> = {
  sku: 'MUG-1',
  code: 'BER-1',
  name: 'Mug, blue',
  reason: 'received',
  reference: 'order-4711',
};
const exampleUuid = '0192c7a0-5b1e-7c3d-8a4f-6e5d4c3b2a19';
const candidates = ['example', exampleUuid, '2026-01-31T12:00:00.000Z', '1'];
const idPattern = /^\^([a-z]+_)\[0-9a-f\]/;

interface SchemaNode {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly pattern?: string;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
}

/**
 * A value of a JSON Schema for the field of that name, for documentation. It knows what our shapes are made of; a test proves that every example is
 * accepted by the command that it documents.
 */
export function exampleOf(schema: JsonSchema, name = ''): unknown {
  // What @valibot/to-json-schema makes has members of these types.
  const node = schema as SchemaNode;
  if (node.examples?.[0] !== undefined) return node.examples[0];
  if (node.default !== undefined) return node.default;
  if (node.const !== undefined) return node.const;
  if (node.enum !== undefined) return node.enum[0];
  switch (node.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(node.properties ?? {}).map(([field, member]) => [field, exampleOf(member, field)]),
      );
    case 'array':
      return node.items === undefined ? [] : [exampleOf(node.items)];
    case 'integer':
    case 'number':
      return Math.max(1, node.minimum ?? 1);
    case 'boolean':
      return true;
    case 'string':
      return exampleText(node.pattern, words[name]);
    default:
      return node.anyOf?.[0] === undefined ? null : exampleOf(node.anyOf[0]);
  }
}

function exampleText(pattern: string | undefined, word: string | undefined): string {
  const prefix = idPattern.exec(pattern ?? '')?.[1];
  if (prefix !== undefined) return `${prefix}${exampleUuid}`;
  const proposals = word === undefined ? candidates : [word, ...candidates];
  return proposals.find((text) => pattern === undefined || new RegExp(pattern, 'u').test(text)) ?? '';
}
