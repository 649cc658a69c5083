import * as v from 'valibot';
import { runtimeLimits } from '../runtime-limits.ts';

/** The schema of one variable: reads its text, and says in words what it is for and what it expects. */
export type VariableSchema<Value> = v.GenericSchema<string | undefined, Value>;

export interface VariableDoc {
  /** One line: what the variable decides. */
  readonly purpose: string;
  /** Completes "expected …"; shown to whoever set it wrongly, and in the reference. */
  readonly expected: string;
}

/** What a variable says about itself, in the metadata of its schema. */
export type VariableMetadata = VariableDoc & { readonly default: string | null; readonly required: boolean };

const text = v.pipe(v.string(), v.maxLength(runtimeLimits.variableCharacters));

/** A variable that must be set. `read` turns its text into its value, or answers undefined when it is not one. */
export function required<Value>(doc: VariableDoc, read: (text: string) => Value | undefined): VariableSchema<Value> {
  return v.pipe(text, readingOf(doc, read), v.metadata({ ...doc, default: null, required: true }));
}

/** A variable with a default, which is written the way a person would write it. */
export function withDefault<Value>(
  doc: VariableDoc & { readonly default: string },
  read: (text: string) => Value | undefined,
): VariableSchema<Value> {
  return v.pipe(v.optional(text, doc.default), readingOf(doc, read), v.metadata({ ...doc, required: false }));
}

/** A variable that may be left out, which reads as null. */
export function optional<Value>(
  doc: VariableDoc,
  read: (text: string) => Value | undefined,
): VariableSchema<Value | null> {
  return v.pipe(
    v.optional(v.pipe(text, readingOf(doc, read))),
    v.transform((value) => value ?? null),
    v.metadata({ ...doc, default: null, required: false }),
  );
}

function readingOf<Value>(doc: VariableDoc, read: (text: string) => Value | undefined) {
  return v.rawTransform<string, Value>(({ dataset, addIssue, NEVER }) => {
    const value = read(dataset.value);
    if (value !== undefined) return value;
    addIssue({ message: doc.expected });
    return NEVER;
  });
}
