import { codeShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { ingestBounds } from '../ingest-bounds.ts';
import { type Condition, conditionsShape, type Expression, expressionShape } from './expression.ts';
import { shopifyRules } from './shopify-template.ts';

/** What messages become for which all of `when` holds. */
export type Rule =
  | { readonly when: readonly Condition[]; readonly ignore: true }
  | {
      readonly when: readonly Condition[];
      readonly command: string;
      /** By what a later message names the same thing. */
      readonly subject?: Expression | undefined;
      readonly input: Expression;
      /** For inventory.adjust: the difference to what is there now becomes `delta`. */
      readonly setLevel?: { readonly quantity: 'available' | 'on_hand'; readonly to: Expression } | undefined;
    };

/** A mapping as it is applied: the first rule whose conditions hold decides. */
export type Mapping = { readonly kind: 'karmanflow' } | { readonly kind: 'rules'; readonly rules: readonly Rule[] };

const ruleShape: v.GenericSchema<unknown, Rule> = v.union([
  v.strictObject({ when: conditionsShape, ignore: v.literal(true) }),
  v.strictObject({
    when: conditionsShape,
    command: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9_]{0,63}\.[a-z][a-z0-9_]{0,63}$/, 'must be feature.command')),
    subject: v.optional(expressionShape),
    input: expressionShape,
    setLevel: v.optional(v.strictObject({ quantity: v.picklist(['available', 'on_hand']), to: expressionShape })),
  }),
]);

const names = v.optional(v.record(v.pipe(v.string(), v.maxLength(ingestBounds.pointerCharacters)), codeShape), {});

/** What a shop of Shopify has to be told: how we call its items and locations, and where its orders take stock from. */
export const shopifySettingsShape = v.strictObject({
  salesChannel: codeShape,
  /** Shopify's orders name no location. */
  location: codeShape,
  holdSeconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** Our SKU for Shopify's inventory_item_id; the id itself where it is absent. */
  skus: names,
  /** Our location code for Shopify's location_id; the id itself where it is absent. */
  locations: names,
});
export type ShopifySettings = v.InferOutput<typeof shopifySettingsShape>;

const documentShape = v.union([
  v.strictObject({ template: v.literal('karmanflow') }),
  v.strictObject({ template: v.literal('shopify'), settings: shopifySettingsShape }),
  v.strictObject({ rules: v.pipe(v.array(ruleShape), v.minLength(1), v.maxLength(ingestBounds.rules)) }),
]);

/** A mapping as a caller sends it: any object of a bounded size; `parseMapping` says whether it is one. */
export const mappingInputShape: v.GenericSchema<Record<string, unknown>, Record<string, unknown>> = v.pipe(
  v.record(v.string(), v.unknown()),
  v.check(
    (document) => measure(document).fits,
    `must have at most ${ingestBounds.mappingCharacters} characters and ${ingestBounds.expressionDepth} levels`,
  ),
  v.examples([{ template: 'shopify', settings: { salesChannel: 'WEB', location: 'BER-1' } }]),
);

export type MappingParse =
  | { readonly ok: true; readonly mapping: Mapping }
  | { readonly ok: false; readonly problems: readonly string[] };

const problemsMax = 10;

/** Reads a mapping: a template with its settings, or rules. Problems are for whoever wrote it: where, and what is wrong. */
export function parseMapping(document: unknown): MappingParse {
  if (!measure(document).fits) return { ok: false, problems: ['The mapping is too large or too deep.'] };
  const parsed = v.safeParse(documentShape, document);
  if (!parsed.success) {
    const problems = parsed.issues.flatMap((issue) => [issue, ...(issue.issues ?? [])]).map(problemOf);
    return { ok: false, problems: [...new Set(problems)].slice(0, problemsMax) };
  }
  const { output } = parsed;
  if ('rules' in output) return { ok: true, mapping: { kind: 'rules', rules: output.rules } };
  if (output.template === 'karmanflow') return { ok: true, mapping: { kind: 'karmanflow' } };
  return { ok: true, mapping: { kind: 'rules', rules: shopifyRules(output.settings) } };
}

function problemOf(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  return path === null ? issue.message : `${path}: ${issue.message}`;
}

/** The commands that a mapping can issue. */
export function commandTypesOf(mapping: Mapping): readonly string[] {
  if (mapping.kind === 'karmanflow') return ['reservation.create'];
  return [...new Set(mapping.rules.flatMap((rule) => ('command' in rule ? [rule.command] : [])))];
}

/** Judged before anything else looks at it: a shape that refers to itself goes as deep as its input. */
function measure(document: unknown): { readonly fits: boolean } {
  let nodes = 0;
  let characters = 0;
  const fits = (value: unknown, depth: number): boolean => {
    nodes += 1;
    if (depth > 2 * ingestBounds.expressionDepth || nodes > 4 * ingestBounds.expressionNodes) return false;
    if (typeof value === 'string') characters += value.length;
    if (characters > ingestBounds.mappingCharacters) return false;
    if (typeof value !== 'object' || value === null) return true;
    return Object.entries(value).every(([name, member]) => {
      characters += name.length;
      return fits(member, depth + 1);
    });
  };
  return { fits: fits(document, 0) };
}
