import type { Operation } from '../surface/read-operations.ts';
import {
  changed,
  exampleText,
  fieldsOf,
  isObject,
  type JsonObject,
  type JsonPath,
  leadingTo,
} from '../surface/schema-fields.ts';
import type { Things } from './things.ts';

const prefixedId = /^([a-z]+)_[0-9a-f]{8}-[0-9a-f]{4}-/;
/** What must not be there yet is new each time, and always equally long. */
const unique = new Set(['sku', 'code', 'handle']);

/** The prefix of the ids that a schema takes; null when it takes none. */
export function idPrefixOf(schema: JsonObject): string | null {
  const text = exampleText(schema);
  return text === null ? null : (prefixedId.exec(text)?.[1] ?? null);
}

/** The input that the description of a command gives as its example, about things that exist where it is sent. */
export function inputFor(operation: Operation, things: Things): JsonObject {
  const example = operation.body?.example;
  if (!example) throw new Error(`${operation.id} has no example of its input`);
  const filled = about(example, things);
  return isObject(filled) ? filled : {};
}

function about(value: unknown, things: Things, field = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => about(item, things));
  if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, about(member, things, name)]));
  }
  if (typeof value !== 'string') return value;
  if (unique.has(field)) return `U-${Bun.randomUUIDv7()}`;
  const prefix = prefixedId.exec(value)?.[1];
  return (prefix === undefined ? undefined : things.get(prefix)) ?? value;
}

/** What else must change in an example for the place to mean anything. */
const beside: Readonly<Record<string, JsonObject>> = {
  // Only agents and services have an owner, and only people a name.
  'access.register_principal.ownerId': { type: 'AGENT', personName: undefined },
};

/** A place in a request that names something by its id. */
export interface IdPlace {
  readonly operation: Operation;
  readonly prefix: string;
  readonly where: string;
  /** The request with another id there: the input of a command, or the target of a read. */
  readonly with: (id: string) => { readonly input: JsonObject } | { readonly target: string };
}

/** Every place of an operation that takes an id, in the body, the query string and the path. */
export function idPlacesOf(operation: Operation, things: Things): readonly IdPlace[] {
  return operation.method === 'POST' ? placesInBody(operation, things) : placesInTarget(operation, things);
}

function placesInBody(operation: Operation, things: Things): readonly IdPlace[] {
  const schema = operation.body?.schema;
  if (!schema) return [];
  return fieldsOf(schema).flatMap((field) => {
    const prefix = idPrefixOf(field.schema);
    if (prefix === null) return [];
    const where = `${operation.id}.${dotted(field.path)}`;
    const withId = (id: string): { readonly input: JsonObject } => {
      const example = { ...inputFor(operation, things), ...beside[where] };
      const input = leadingTo(example, { schema, path: field.path });
      const replaced = changed(input, field.path, id);
      if (!isObject(replaced)) throw new Error(`${operation.id} has no place ${dotted(field.path)}`);
      return { input: replaced };
    };
    return [{ operation, prefix, where, with: withId }];
  });
}

const dotted = (path: JsonPath): string => path.join('.');

function placesInTarget(operation: Operation, things: Things): readonly IdPlace[] {
  const fields = operation.parameters.filter((parameter) => parameter.in === 'query' || parameter.in === 'path');
  return fields.flatMap((field) => {
    const prefix = idPrefixOf(field.schema);
    if (prefix === null) return [];
    const withId = (id: string): { readonly target: string } => {
      const query = new URLSearchParams();
      let path = operation.path;
      for (const { name, required, schema } of fields) {
        if (name !== field.name && !required) continue;
        const own = about(exampleText(schema) ?? '', things);
        const value = name === field.name ? id : String(own);
        if (path.includes(`{${name}}`)) path = path.replace(`{${name}}`, () => encodeURIComponent(value));
        else query.append(name, value);
      }
      return { target: query.size === 0 ? path : `${path}?${query.toString()}` };
    };
    return [{ operation, prefix, where: `${operation.id}?${field.name}`, with: withId }];
  });
}
