export type JsonObject = Readonly<Record<string, unknown>>;
export type JsonPath = readonly (string | number)[];

/** A place in a body: a property, or an item of a list. */
export interface Field {
  readonly path: JsonPath;
  readonly schema: JsonObject;
  readonly required: boolean;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every property of a JSON Schema, and of what it nests: in lists, of their first item. */
export function fieldsOf(schema: JsonObject, path: JsonPath = []): readonly Field[] {
  const { properties, required, items } = schema;
  if (isObject(items)) {
    const item = { path: [...path, 0], schema: items, required: false };
    return [item, ...fieldsOf(items, item.path)];
  }
  if (!isObject(properties)) return [];
  const needed: readonly unknown[] = Array.isArray(required) ? required : [];
  return Object.entries(properties).flatMap(([name, member]) => {
    if (!isObject(member)) return [];
    const field = { path: [...path, name], schema: member, required: needed.includes(name) };
    return [field, ...fieldsOf(member, field.path)];
  });
}

/** The paths of every object of a schema, the outermost first: wherever an unknown field could stand. */
export function objectPathsOf(schema: JsonObject): readonly JsonPath[] {
  const nested = fieldsOf(schema).filter((field) => isObject(field.schema['properties']));
  return [[], ...nested.map(({ path }) => path)];
}

/** One value of each JSON type; what stands for text would be a number if it were converted. */
const samples: Readonly<Record<string, unknown>> = {
  null: null,
  boolean: true,
  number: 1,
  string: '1',
  array: [],
  object: {},
};

/** Values of the JSON types that a schema does not name; null when it names none, and so takes anything. */
export function wrongValuesFor(schema: JsonObject): readonly unknown[] | null {
  const types = typesOf(schema);
  if (types.size === 0) return null;
  return Object.entries(samples).flatMap(([type, value]) => (types.has(type) ? [] : [value]));
}

function typesOf(schema: JsonObject): ReadonlySet<string> {
  const { type, enum: values, const: only, anyOf, oneOf } = schema;
  if (type !== undefined) return new Set([type].flat().map((name) => (name === 'integer' ? 'number' : String(name))));
  if (Array.isArray(values)) return new Set(values.map(typeOf));
  if (only !== undefined) return new Set([typeOf(only)]);
  const choices = [anyOf, oneOf].flatMap((list) => (Array.isArray(list) ? list : [])).filter(isObject);
  return new Set(choices.flatMap((choice) => [...typesOf(choice)]));
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** A copy in which the place has another value; `undefined` takes it away. Null when the copied value has no such place. */
export function changed(value: unknown, path: JsonPath, to: unknown): unknown {
  const copy = structuredClone(value);
  let at: unknown = copy;
  for (const step of path.slice(0, -1)) at = at === null || typeof at !== 'object' ? undefined : Reflect.get(at, step);
  const last = path.at(-1);
  if (at === null || typeof at !== 'object' || last === undefined) return null;
  if (to === undefined) Reflect.deleteProperty(at, last);
  else Reflect.set(at, last, to);
  return copy;
}

/**
 * The value with everything that leads to the place: what is missing on the way is made from the schema, so that optional
 * parts and empty lists owe their cases like all others. The value itself where no example is known.
 */
export function leadingTo(value: JsonObject, { schema, path }: { schema: JsonObject; path: JsonPath }): JsonObject {
  const copy: JsonObject = structuredClone(value);
  let at: unknown = copy;
  let node: JsonObject = schema;
  for (const step of path) {
    const member = typeof step === 'number' ? node['items'] : Reflect.get(Object(node['properties']), step);
    if (!isObject(member) || at === null || typeof at !== 'object') return value;
    if (Reflect.get(at, step) === undefined) Reflect.set(at, step, exampleValue(member));
    at = Reflect.get(at, step);
    node = member;
  }
  return copy;
}

/** A value that a schema takes, as far as our shapes go; of an object, what is required. Null when none is known. */
export function exampleValue(schema: JsonObject): unknown {
  const { examples, default: usual, const: only, enum: values, type, anyOf, properties, required, items } = schema;
  if (Array.isArray(examples) && examples.length > 0) return examples[0];
  for (const given of [usual, only]) if (given !== undefined) return given;
  if (Array.isArray(values)) return values[0];
  if (type === 'array') return isObject(items) ? [exampleValue(items)] : [];
  if (type === 'object') {
    const needed: readonly unknown[] = Array.isArray(required) ? required : [];
    const members = Object.entries(isObject(properties) ? properties : {}).filter(([name]) => needed.includes(name));
    return Object.fromEntries(members.map(([name, member]) => [name, isObject(member) ? exampleValue(member) : null]));
  }
  if (type === 'integer' || type === 'number') return Math.max(1, Number(schema['minimum'] ?? 1));
  if (type === 'boolean') return true;
  if (type === 'string') return exampleText(schema);
  const [first]: readonly unknown[] = Array.isArray(anyOf) ? anyOf : [];
  return isObject(first) ? exampleValue(first) : null;
}

const uuid = '0192c7a0-5b1e-7c3d-8a4f-6e5d4c3b2a19';
/** One of each kind of text that our shapes know. */
const texts: readonly string[] = [
  'example',
  uuid,
  '1',
  '2026-01-31T12:00:00.000Z',
  'secrets://example',
  'inventory.level:read',
  'inventory.adjust',
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
];
const idPattern = /^\^([a-z]+_)\[0-9a-f\]/;

/** A text that a parameter takes, as far as our shapes go; null when none is known. */
export function exampleText({ examples, pattern, enum: values, default: usual }: JsonObject): string | null {
  if (Array.isArray(examples) && typeof examples[0] === 'string') return examples[0];
  if (typeof usual === 'string') return usual;
  if (Array.isArray(values)) return String(values[0]);
  if (typeof pattern !== 'string') return 'example';
  const prefix = idPattern.exec(pattern)?.[1];
  const candidates = [...(prefix === undefined ? [] : [`${prefix}${uuid}`]), ...texts];
  return candidates.find((text) => new RegExp(pattern, 'u').test(text)) ?? null;
}
