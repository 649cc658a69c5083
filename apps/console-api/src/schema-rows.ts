import { type ApiDocument, resolve } from './api-document.ts';
import type { JsonSchema } from './valibot-bridge.ts';

/** One line of a table that describes a schema. */
export interface SchemaRow {
  /** `lines[].quantity`. */
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly rule: string;
}

interface SchemaNode {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly not?: { readonly const?: unknown };
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

/** The fields of an object schema, with those of nested objects and lists under their dotted names. */
export function schemaRows(document: ApiDocument, schema: JsonSchema, prefix = ''): SchemaRow[] {
  const { properties = {}, required = [] }: SchemaNode = resolve(document, schema);
  return Object.entries(properties).flatMap(([field, member]) => {
    const name = `${prefix}${field}`;
    const node: SchemaNode = resolve(document, member);
    const row = { name, type: typeOf(node), required: required.includes(field), rule: ruleOf(node) };
    if (node.items !== undefined) return [row, ...schemaRows(document, node.items, `${name}[].`)];
    return [row, ...schemaRows(document, member, `${name}.`)];
  });
}

/** The type of a schema in a word or two. */
export function typeOf(node: SchemaNode): string {
  const idPrefix = idPrefixOf(node);
  if (idPrefix !== undefined) return `id ${idPrefix}…`;
  if (node.anyOf !== undefined) return node.anyOf.map((one: SchemaNode) => typeOf(one)).join(' or ');
  if (node.const !== undefined || node.enum !== undefined) return 'text';
  if (node.type === 'string') return node.pattern?.startsWith('^\\d{4}-') === true ? 'UTC time' : 'text';
  if (node.type === 'array') return `list of ${node.items === undefined ? 'anything' : typeOf(node.items)}`;
  return node.type ?? 'anything';
}

/** What else a value must satisfy. */
export function ruleOf(node: SchemaNode): string {
  const rules: string[] = [];
  if (node.const !== undefined) rules.push(String(node.const));
  if (node.enum !== undefined) rules.push(node.enum.join(', '));
  rules.push(...rangeOf(node.minimum, node.maximum, ''));
  rules.push(...rangeOf(node.minLength, node.maxLength, ' characters'));
  rules.push(...rangeOf(node.minItems, node.maxItems, ' items'));
  if (node.not?.const !== undefined) rules.push(`not ${String(node.not.const)}`);
  if (node.default !== undefined) rules.push(`${String(node.default)} when absent`);
  return rules.join('; ');
}

function rangeOf(min: number | undefined, max: number | undefined, unit: string): string[] {
  if (min === undefined && max === undefined) return [];
  if (min === undefined) return [`at most ${inFigures(max ?? 0)}${unit}`];
  if (max === undefined || max === Number.MAX_SAFE_INTEGER) return [`at least ${inFigures(min)}${unit}`];
  return [`${inFigures(min)} to ${inFigures(max)}${unit}`];
}

function inFigures(value: number): string {
  return value.toLocaleString('en-US');
}

function idPrefixOf({ pattern }: SchemaNode): string | undefined {
  return /^\^([a-z]+_)\[0-9a-f\]/.exec(pattern ?? '')?.[1];
}
