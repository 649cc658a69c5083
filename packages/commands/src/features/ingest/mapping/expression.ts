import * as v from 'valibot';
import { ingestBounds } from '../ingest-bounds.ts';
import { parseJmespath } from './jmespath/parse-jmespath.ts';

/** The whole vocabulary of a mapping. Data only: nothing of it is code, and nothing can loop but over what the message has. */
export type Expression =
  /** A constant. */
  | { readonly value: string | number | boolean }
  /** What stands at a JSON pointer (RFC 6901) of the body. Absent and null are a problem unless it is optional. */
  | { readonly at: string; readonly optional?: true | undefined }
  /** The same, within the element that `each` is at. */
  | { readonly item: string; readonly optional?: true | undefined }
  /** What a JMESPath expression finds in the body, or within `each` in the element; `$` is the body in both. Null is absent. */
  | { readonly jmespath: string; readonly optional?: true | undefined }
  /** A header. No sender of ours signs one, so whatever is decided by it must be safe to be lied about. */
  | { readonly header: string }
  /** A number as its decimal digits. */
  | { readonly text: Expression }
  /** A whole number, also where the message has it as digits in a text. */
  | { readonly whole: Expression }
  /** Texts, one after the other. */
  | { readonly join: readonly Expression[] }
  /** What a table has for a text; `otherwise` for the rest. */
  | {
      readonly table: Readonly<Record<string, string>>;
      readonly key: Expression;
      readonly otherwise?: Expression | undefined;
    }
  /** A list: one value for each element of an array for which all of `when` holds. */
  | {
      readonly each: string | { readonly jmespath: string };
      readonly of: Expression;
      readonly when?: readonly Condition[] | undefined;
    }
  | { readonly object: Readonly<Record<string, Expression>> }
  /** Our id for what the sender calls it by SKU or code. */
  | { readonly variant: Expression }
  | { readonly location: Expression }
  | { readonly salesChannel: Expression }
  /** The reservation that an earlier message of the same source made, by that message's subject. */
  | { readonly reservation: Expression };

export type Condition =
  | { readonly is: Expression; readonly equals: string | number | boolean }
  | { readonly is: Expression; readonly present: true };

const constant = v.union([
  v.pipe(v.string(), v.maxLength(ingestBounds.pointerCharacters)),
  v.pipe(v.number(), v.safeInteger()),
  v.boolean(),
]);
const pointer = v.pipe(
  v.string(),
  v.maxLength(ingestBounds.pointerCharacters),
  v.regex(/^(?:\/(?:[^~/]|~[01])*)*$/, 'must be a JSON pointer'),
);
const optional = v.optional(v.literal(true));
const jmespath = v.pipe(
  v.string(),
  v.rawCheck(({ dataset, addIssue }) => {
    const parsed = dataset.typed ? parseJmespath(dataset.value) : null;
    if (parsed?.ok === false) addIssue({ message: parsed.problem });
  }),
);
const header = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be a header name in lower case'));
const member = v.pipe(v.string(), v.regex(/^[a-z][A-Za-z0-9]{0,63}$/, 'must be a field name'));
const shortText = v.pipe(v.string(), v.maxLength(ingestBounds.pointerCharacters));

/** An expression may hold others, which parse by the same shape. */
const inner: v.GenericSchema<unknown, Expression> = v.lazy(() => expressionShape);
const conditions: v.GenericSchema<unknown, readonly Condition[]> = v.lazy(() => conditionsShape);

export const expressionShape: v.GenericSchema<unknown, Expression> = v.union(
  [
    v.strictObject({ value: constant }),
    v.strictObject({ at: pointer, optional }),
    v.strictObject({ item: pointer, optional }),
    v.strictObject({ jmespath, optional }),
    v.strictObject({ header }),
    v.strictObject({ text: inner }),
    v.strictObject({ whole: inner }),
    v.strictObject({ join: v.pipe(v.array(inner), v.minLength(1), v.maxLength(ingestBounds.conditions)) }),
    v.strictObject({ table: v.record(shortText, shortText), key: inner, otherwise: v.optional(inner) }),
    v.strictObject({ each: v.union([pointer, v.strictObject({ jmespath })]), of: inner, when: v.optional(conditions) }),
    v.strictObject({ object: v.record(member, inner) }),
    v.strictObject({ variant: inner }),
    v.strictObject({ location: inner }),
    v.strictObject({ salesChannel: inner }),
    v.strictObject({ reservation: inner }),
  ],
  'must be one of value, at, item, jmespath, header, text, whole, join, table, each, object, variant, location, salesChannel, reservation',
);

const equalShape = v.strictObject({ is: inner, equals: constant });
const presentShape = v.strictObject({ is: inner, present: v.literal(true) });
/** One of the two and not a union, which would parse everything within twice, and that at each level anew. */
const condition: v.GenericSchema<unknown, Condition> = v.lazy((input) =>
  typeof input === 'object' && input !== null && 'present' in input ? presentShape : equalShape,
);
export const conditionsShape: v.GenericSchema<unknown, readonly Condition[]> = v.pipe(
  v.array(condition),
  v.maxLength(ingestBounds.conditions),
);
