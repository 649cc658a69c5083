import { randomUUID } from 'node:crypto';
import { type Operation, type Parameter } from './read-operations.ts';
import {
  changed,
  exampleText,
  fieldsOf,
  type JsonPath,
  leadingTo,
  objectPathsOf,
  wrongValuesFor,
} from './schema-fields.ts';

/** A request that must be refused, and how. */
export interface Probe {
  readonly operation: string;
  readonly what: string;
  readonly method: 'GET' | 'POST';
  /** Path and query string. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** The field or header that the refusal must name; null for the body as a whole. */
  readonly names: string | null;
  readonly isHeader?: true;
}

/** What probes were made of an operation, and why some that are due could not be. */
export interface Probes {
  readonly probes: readonly Probe[];
  readonly missing: readonly string[];
}

export const unknownField = 'conformance_unknown';

export function joined(parts: readonly Probes[]): Probes {
  return { probes: parts.flatMap(({ probes }) => probes), missing: parts.flatMap(({ missing }) => missing) };
}

/** The fields of a read that are needed, with examples; null when no example is known for one of them. */
function neededFields(operation: Operation): ReadonlyMap<string, string> | null {
  const needed = new Map<string, string>();
  for (const parameter of operation.parameters.filter(isField)) {
    if (!parameter.required) continue;
    const text = exampleText(parameter.schema);
    if (text === null) return null;
    needed.set(parameter.name, text);
  }
  return needed;
}

const isField = ({ in: place }: Parameter): boolean => place === 'query' || place === 'path';

function read(operation: Operation, fields: ReadonlyMap<string, string>): Omit<Probe, 'what' | 'names'> {
  const query = new URLSearchParams();
  let path = operation.path;
  for (const [name, value] of fields) {
    if (path.includes(`{${name}}`)) path = path.replace(`{${name}}`, () => encodeURIComponent(value));
    else query.append(name, value);
  }
  const target = query.size === 0 ? path : `${path}?${query.toString()}`;
  return { operation: operation.id, method: 'GET', target, headers: {}, body: null };
}

function command(operation: Operation, body: unknown): Omit<Probe, 'what' | 'names'> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
  return { operation: operation.id, method: 'POST', target: operation.path, headers, body: JSON.stringify(body) };
}

const dotted = (path: JsonPath): string => path.join('.');

/** The request as it should be. Only sent where nothing can come of it: without a credential, or to read. */
export function soundProbe(operation: Operation): Probes {
  const base = { what: 'sound', names: null };
  if (operation.method === 'POST') return made([{ ...command(operation, operation.body?.example ?? {}), ...base }]);
  const fields = neededFields(operation);
  return fields === null ? lacking(operation, 'an example') : made([{ ...read(operation, fields), ...base }]);
}

/** An unknown field in every object of an otherwise valid body, or in an otherwise valid query string. */
export function unknownFieldProbes(operation: Operation): Probes {
  if (operation.method === 'GET') {
    const fields = neededFields(operation);
    if (fields === null) return lacking(operation, 'an example');
    const probe = read(operation, new Map([...fields, [unknownField, '1']]));
    return made([{ ...probe, what: 'an unknown parameter', names: unknownField }]);
  }
  const { schema, example } = operation.body ?? { schema: null, example: null };
  if (schema === null || example === null) return lacking(operation, 'a schema and an example of its body');
  return joined(
    objectPathsOf(schema).map((path) => {
      const at = [...path, unknownField];
      const body = changed(leadingTo(example, { schema, path }), at, 1);
      if (body === null) return lacking(operation, `an example of ${dotted(path)}`);
      return made([{ ...command(operation, body), what: `unknown ${dotted(at)}`, names: dotted(at) }]);
    }),
  );
}

/** Text that is no id, name or number of any kind. */
const hostileText = '{"a":1}';

/** Each property with a value of each JSON type that it does not have; each parameter with text that does not fit it. */
export function wrongTypeProbes(operation: Operation): Probes {
  if (operation.method === 'GET') {
    const fields = neededFields(operation);
    if (fields === null) return lacking(operation, 'an example');
    const ruled = operation.parameters.filter(
      (parameter) => isField(parameter) && ('pattern' in parameter.schema || 'enum' in parameter.schema),
    );
    return made(
      ruled.map(({ name }) => {
        const probe = read(operation, new Map([...fields, [name, hostileText]]));
        return { ...probe, what: `${name} as ${hostileText}`, names: name };
      }),
    );
  }
  const { schema, example } = operation.body ?? { schema: null, example: null };
  if (schema === null || example === null) return lacking(operation, 'a schema and an example of its body');
  const bodies = ['text', 1, true, null, [], [example]].map((body) => ({
    ...command(operation, body),
    what: `${JSON.stringify(body).slice(0, 20)} as the body`,
    names: null,
  }));
  const ofFields = fieldsOf(schema).map((field) => {
    const values = wrongValuesFor(field.schema);
    if (values === null) return lacking(operation, `a type of ${dotted(field.path)}`);
    return joined(
      values.map((value) => {
        const body = changed(leadingTo(example, { schema, path: field.path }), field.path, value);
        if (body === null) return lacking(operation, `an example of ${dotted(field.path)}`);
        const what = `${dotted(field.path)} as ${JSON.stringify(value)}`;
        return made([{ ...command(operation, body), what, names: dotted(field.path) }]);
      }),
    );
  });
  return joined([made(bodies), ...ofFields]);
}

/** Each property, parameter and header that is required, left out. */
export function missingFieldProbes(operation: Operation): Probes {
  if (operation.method === 'GET') {
    const fields = neededFields(operation);
    if (fields === null) return lacking(operation, 'an example');
    const inQuery = [...fields.keys()].filter((name) => !operation.path.includes(`{${name}}`));
    return made(
      inQuery.map((name) => {
        const rest = new Map([...fields].filter(([other]) => other !== name));
        return { ...read(operation, rest), what: `without ${name}`, names: name };
      }),
    );
  }
  const { schema, example } = operation.body ?? { schema: null, example: null };
  if (schema === null || example === null) return lacking(operation, 'a schema and an example of its body');
  const required = fieldsOf(schema).filter((field) => field.required);
  const ofFields = required.map(({ path }) => {
    const body = changed(leadingTo(example, { schema, path }), path, undefined);
    if (body === null) return lacking(operation, `an example of ${dotted(path)}`);
    return made([{ ...command(operation, body), what: `without ${dotted(path)}`, names: dotted(path) }]);
  });
  const headers = operation.parameters.filter((parameter) => parameter.in === 'header' && parameter.required);
  const ofHeaders = headers.map(({ name }) => {
    const { headers: all, ...probe } = command(operation, example);
    const rest = Object.fromEntries(Object.entries(all).filter(([header]) => header !== name.toLowerCase()));
    return { ...probe, headers: rest, what: `without the header ${name}`, names: name, isHeader: true as const };
  });
  return joined([...ofFields, made(ofHeaders)]);
}

const made = (probes: readonly Probe[]): Probes => ({ probes, missing: [] });

function lacking(operation: Operation, what: string): Probes {
  return { probes: [], missing: [`${operation.id}: the description lacks ${what}, so that its case cannot be made`] };
}
