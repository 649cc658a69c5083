/** Members of a valibot schema that hold further schemas, none of which has a name of its own. */
const nested = ['item', 'items', 'wrapped', 'pipe', 'options', 'value', 'rest'] as const;

const isSchema = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** The name of every field that a valibot schema describes, however deep, as dotted paths; lists count as their items. */
export function fieldNamesOf(schema: unknown, path = ''): readonly string[] {
  if (Array.isArray(schema)) return schema.flatMap((one) => fieldNamesOf(one, path));
  if (!isSchema(schema)) return [];
  const { entries } = schema;
  const own = Object.entries(isSchema(entries) ? entries : {}).flatMap(([name, member]) => {
    const at = path === '' ? name : `${path}.${name}`;
    return [at, ...fieldNamesOf(member, at)];
  });
  return [...new Set([...own, ...nested.flatMap((name) => fieldNamesOf(schema[name], path))])];
}

export const fieldOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
