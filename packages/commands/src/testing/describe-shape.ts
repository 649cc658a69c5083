import type * as v from 'valibot';

/** A shape as plain JSON: all that decides which values it accepts, and none of its messages. */
export type ShapeDescription = Readonly<Record<string, unknown>>;

/** The parts of valibot's schema objects that are read here; which of them are there depends on `type`. */
interface SchemaParts {
  readonly type: string;
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly item?: v.GenericSchema;
  readonly items?: readonly v.GenericSchema[];
  readonly wrapped?: v.GenericSchema;
  readonly key?: v.GenericSchema;
  readonly value?: v.GenericSchema;
  readonly rest?: v.GenericSchema;
  readonly literal?: unknown;
  readonly options?: readonly unknown[];
  readonly pipe?: readonly { readonly kind: string; readonly type: string; readonly requirement?: unknown }[];
}

/**
 * Describes a valibot schema, so that two can be compared across builds. Conditions that are code are named and not looked
 * into. Throws for a schema whose parts it does not know, since it would take two different ones for equal.
 */
export function describeShape(schema: v.GenericSchema): ShapeDescription {
  const parts = schema as unknown as SchemaParts; // valibot types each schema apart; at run time they are plain objects.
  const [, ...pipe] = parts.pipe ?? [];
  const actions = pipe.filter(({ kind }) => kind !== 'metadata');
  const described: Record<string, unknown> = { type: parts.type, ...structureOf(parts) };
  if (actions.length > 0) described['pipe'] = actions.map(describeAction);
  return described;
}

const plainTypes = new Set(['string', 'number', 'boolean', 'null', 'unknown']);

function structureOf(parts: SchemaParts): Record<string, unknown> {
  const { type, entries, item, items, wrapped, key, value, rest, literal, options } = parts;
  if (plainTypes.has(type)) return {};
  if (entries) {
    const described = Object.entries(entries).map(([name, entry]) => [name, describeShape(entry)] as const);
    return { entries: Object.fromEntries(described), ...(rest ? { rest: describeShape(rest) } : {}) };
  }
  if (items) return { items: items.map(describeShape), ...(rest ? { rest: describeShape(rest) } : {}) };
  if (item) return { item: describeShape(item) };
  if (wrapped) return { wrapped: describeShape(wrapped) };
  if (key && value) return { key: describeShape(key), value: describeShape(value) };
  if (type === 'literal') return { literal };
  if (options) return { options: options.map((one) => (isSchema(one) ? describeShape(one) : one)) };
  throw new Error(`a schema of type ${type} cannot be described: teach describeShape what it consists of`);
}

function isSchema(value: unknown): value is v.GenericSchema {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'schema';
}

function describeAction(action: { kind: string; type: string; requirement?: unknown }): Record<string, unknown> {
  const { kind, type, requirement } = action;
  if (kind === 'schema') return describeShape(action as unknown as v.GenericSchema);
  if (requirement === undefined || typeof requirement === 'function') return { type };
  return { type, requirement: requirement instanceof RegExp ? String(requirement) : requirement };
}
