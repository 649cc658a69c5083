import fc from 'fast-check';
import { type ApiDocument, resolve } from '../api-document.ts';
import type { JsonSchema } from '../valibot-bridge.ts';

interface SchemaNode {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

const itemsMax = 4;

/** Values that a JSON Schema allows, and some just outside of it where it cannot say all that counts. */
export function arbitraryOf(document: ApiDocument, schema: JsonSchema): fc.Arbitrary<unknown> {
  const node: SchemaNode = resolve(document, schema);
  if (node.const !== undefined) return fc.constant(node.const);
  if (node.enum !== undefined) return fc.constantFrom(...node.enum);
  switch (node.type) {
    case 'object':
      return objectOf(document, node);
    case 'array':
      return fc.array(arbitraryOf(document, node.items ?? {}), {
        minLength: node.minItems ?? 0,
        maxLength: Math.min(node.maxItems ?? itemsMax, itemsMax),
      });
    case 'integer':
      return fc.integer({ min: node.minimum ?? -(2 ** 53 - 1), max: node.maximum ?? 2 ** 53 - 1 });
    case 'number':
      return fc.double({ noNaN: true });
    case 'string':
      return textOf(node);
    default:
      return fc.jsonValue();
  }
}

function objectOf(document: ApiDocument, { properties = {}, required = [] }: SchemaNode): fc.Arbitrary<unknown> {
  const members = Object.fromEntries(
    Object.entries(properties).map(([name, member]) => [name, arbitraryOf(document, member)]),
  );
  return fc.record(members, { requiredKeys: [...required], noNullPrototype: true });
}

function textOf({ pattern, minLength = 0, maxLength = 300 }: SchemaNode): fc.Arbitrary<string> {
  // fast-check makes text of a pattern, but not of one with Unicode properties.
  if (pattern !== undefined && !pattern.includes('\\p{')) return fc.stringMatching(new RegExp(pattern));
  return fc.string({ unit: 'grapheme', minLength, maxLength });
}

const hostileValues: readonly unknown[] = [
  null,
  true,
  -0,
  1.5,
  -1,
  2 ** 53,
  1e308,
  '',
  '\0',
  '\u202e',
  '💥'.repeat(40),
  "'; DROP TABLE kf.reservations; --",
  '${7*7}{{7*7}}',
  '../../../../etc/passwd',
  'x'.repeat(10_000),
  [],
  [[]],
  {},
  { $ne: null },
  { constructor: { prototype: {} } },
];

/** What a schema allows, with some places of it replaced, removed or added to. */
export function hostileOf(document: ApiDocument, schema: JsonSchema): fc.Arbitrary<unknown> {
  const value = fc.oneof(fc.constantFrom(...hostileValues), fc.jsonValue());
  return fc
    .tuple(arbitraryOf(document, schema), fc.array(fc.tuple(fc.nat(), fc.nat(2), value, fc.string()), { maxLength: 3 }))
    .map(([sound, changes]) => {
      let root: unknown = structuredClone(sound);
      for (const [place, kind, replacement, name] of changes) root = damage(root, { place, kind, replacement, name });
      return root;
    });
}

interface Change {
  readonly place: number;
  readonly kind: number;
  readonly replacement: unknown;
  readonly name: string;
}

/** Changes one place, which the number chooses among all places of the value. */
function damage(root: unknown, { place, kind, replacement: shared, name }: Change): unknown {
  const replacement = structuredClone(shared);
  const places = containersIn(root);
  const container = places[place % Math.max(1, places.length)];
  if (container === undefined) return replacement;
  const fields = Object.keys(container);
  const field = fields[place % Math.max(1, fields.length)] ?? name;
  if (kind === 0) container[field] = replacement;
  else if (kind === 1) delete container[field];
  else
    Object.defineProperty(container, name, {
      value: replacement,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  return root;
}

function containersIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return Array.isArray(value) ? value.flatMap(containersIn) : [];
  }
  // An object of plain JSON has text as names.
  const container = value as Record<string, unknown>;
  return [container, ...Object.values(container).flatMap(containersIn)];
}
