import { limits } from '@karmanflow/schema';
import { ingestBounds } from '../ingest-bounds.ts';
import { type Evaluated, present, problem, tooLarge } from './evaluated.ts';
import type { Condition, Expression } from './expression.ts';
import { jmespathEvaluation, shownJmespath } from './jmespath/jmespath-evaluation.ts';
import { atPointer } from './json-pointer.ts';
import { stepBudget } from './step-budget.ts';

/** Names of a sender, by what they name. */
export type NameKind = 'variant' | 'location' | 'salesChannel' | 'reservation';

export interface EvaluationInput {
  readonly body: unknown;
  readonly header: (name: string) => string | null;
  /** Our id for a name; null: it has none, and the name is remembered as unknown. */
  readonly lookUp: (kind: NameKind, name: string) => string | null;
}

type Evaluator = (expression: Expression, element: unknown) => Evaluated;

export interface Evaluation {
  readonly evaluate: (expression: Expression) => Evaluated;
  readonly holds: (conditions: readonly Condition[]) => boolean;
  /** Something was left out for its cost: what `holds` said since then means nothing. */
  readonly isSpent: () => boolean;
}

/**
 * Evaluates expressions of one mapping on one message, within a number of steps that all of them share. Pure; nothing in a
 * message makes it throw. Problems name places and kinds, never what stands there.
 */
export function evaluationOf(input: EvaluationInput): Evaluation {
  const budget = stepBudget();
  const jmespath = jmespathEvaluation({ body: input.body, budget });
  const evaluate: Evaluator = (expression, element) => {
    if (!budget.take(1)) return problem(tooLarge);
    if ('value' in expression) return present(expression.value);
    if ('at' in expression) return found(input.body, expression.at, expression.optional);
    if ('item' in expression) return fromElement(expression, element);
    if ('jmespath' in expression) return sought(expression, element);
    if ('header' in expression) return present(input.header(expression.header) ?? undefined);
    if ('text' in expression) return textOf(evaluate(expression.text, element));
    if ('whole' in expression) return wholeOf(evaluate(expression.whole, element));
    if ('join' in expression) return joined(expression.join, element);
    if ('table' in expression) return fromTable(expression, element);
    if ('each' in expression) return listed(expression, element);
    if ('object' in expression) return built(expression.object, element);
    return named(expression, element);
  };
  const holds = (conditions: readonly Condition[], element: unknown): boolean =>
    conditions.every((condition) => {
      const evaluated = evaluate(condition.is, element);
      if (!evaluated.ok || evaluated.value === undefined) return false;
      return 'equals' in condition ? evaluated.value === condition.equals : true;
    });

  function fromElement(expression: Extract<Expression, { item: unknown }>, element: unknown): Evaluated {
    const evaluated = found(element, expression.item, expression.optional);
    // The element may have been put together by an expression.
    return evaluated.ok && typeof evaluated.value === 'object' ? jmespath.leaving(evaluated.value) : evaluated;
  }

  function sought(expression: Extract<Expression, { jmespath: unknown }>, element: unknown): Evaluated {
    const evaluated = jmespath.find(expression, element === undefined ? input.body : element);
    const isMissing = evaluated.ok && evaluated.value === undefined && expression.optional !== true;
    return isMissing ? problem(`${shownJmespath(expression)} is missing`) : evaluated;
  }

  function joined(parts: readonly Expression[], element: unknown): Evaluated {
    let text = '';
    for (const part of parts) {
      const evaluated = textOf(evaluate(part, element));
      if (!evaluated.ok) return evaluated;
      text += String(evaluated.value ?? '');
      if (text.length > limits.textLength) return problem('a joined text is too long');
    }
    return present(text);
  }

  function fromTable(expression: Extract<Expression, { table: unknown }>, element: unknown): Evaluated {
    const key = evaluate(expression.key, element);
    if (!key.ok) return key;
    if (typeof key.value === 'string' && Object.hasOwn(expression.table, key.value)) {
      return present(expression.table[key.value]);
    }
    return expression.otherwise === undefined
      ? problem('a table has nothing for a text of the message')
      : evaluate(expression.otherwise, element);
  }

  function listed(expression: Extract<Expression, { each: unknown }>, element: unknown): Evaluated {
    const { each } = expression;
    const place = typeof each === 'string' ? each : shownJmespath(each);
    const list = typeof each === 'string' ? present(atPointer(input.body, each)) : jmespath.list(each, input.body);
    if (!list.ok) return list;
    if (!Array.isArray(list.value)) return problem(`${place} is not a list`);
    if (list.value.length > ingestBounds.elements) {
      return problem(`${place} has more than ${ingestBounds.elements} elements`);
    }
    const values: unknown[] = [];
    for (const [index, one] of list.value.entries()) {
      if (expression.when !== undefined && !holds(expression.when, one)) continue;
      const evaluated = evaluate(expression.of, one);
      if (!evaluated.ok) return problem(`${atElement(each, index)}: ${evaluated.problem}`);
      values.push(evaluated.value);
    }
    return element === undefined ? present(values) : problem('a list within a list');
  }

  function built(members: Readonly<Record<string, Expression>>, element: unknown): Evaluated {
    const object: Record<string, unknown> = {};
    for (const [name, member] of Object.entries(members)) {
      const evaluated = evaluate(member, element);
      if (!evaluated.ok) return evaluated;
      // What is absent stays absent: the command has its own idea of what that means.
      if (evaluated.value !== undefined) object[name] = evaluated.value;
    }
    return present(object);
  }

  function named(expression: Exclude<Expression, AnyOther>, element: unknown): Evaluated {
    const [kind, of] = kindOf(expression);
    const name = evaluate(of, element);
    if (!name.ok) return name;
    if (typeof name.value !== 'string' || name.value === '' || name.value.length > limits.textLength) {
      return problem(`the name of a ${words[kind]} is not a text of 1 to ${limits.textLength} characters`);
    }
    return present(input.lookUp(kind, name.value) ?? undefined);
  }

  return {
    evaluate: (expression) => {
      const evaluated = evaluate(expression, undefined);
      // Conditions within it may have left out what they had no steps for.
      return budget.isSpent() ? problem(tooLarge) : evaluated;
    },
    holds: (conditions) => holds(conditions, undefined),
    isSpent: budget.isSpent,
  };
}

type AnyOther = Extract<
  Expression,
  | { value: unknown }
  | { at: unknown }
  | { item: unknown }
  | { jmespath: unknown }
  | { header: unknown }
  | { text: unknown }
  | { whole: unknown }
  | { join: unknown }
  | { table: unknown }
  | { each: unknown }
  | { object: unknown }
>;

const words: Readonly<Record<NameKind, string>> = {
  variant: 'variant',
  location: 'location',
  salesChannel: 'sales channel',
  reservation: 'reservation',
};

function kindOf(expression: Exclude<Expression, AnyOther>): readonly [NameKind, Expression] {
  if ('variant' in expression) return ['variant', expression.variant];
  if ('location' in expression) return ['location', expression.location];
  if ('salesChannel' in expression) return ['salesChannel', expression.salesChannel];
  return ['reservation', expression.reservation];
}

function atElement(each: Extract<Expression, { each: unknown }>['each'], index: number): string {
  return typeof each === 'string' ? `${each}/${index}` : `element ${index} of ${shownJmespath(each)}`;
}

/** An optional place that is empty, or has null, is absent. */
function found(document: unknown, pointer: string, optional: true | undefined): Evaluated {
  const value = atPointer(document, pointer);
  if (value !== undefined && value !== null) return present(value);
  return optional === true ? present(undefined) : problem(`${pointer === '' ? 'the element' : pointer} is missing`);
}

function textOf(evaluated: Evaluated): Evaluated {
  if (!evaluated.ok || evaluated.value === undefined || typeof evaluated.value === 'string') return evaluated;
  // A larger number was rounded when it was parsed: two names could have become one.
  if (typeof evaluated.value === 'number' && Number.isSafeInteger(evaluated.value))
    return present(String(evaluated.value));
  return problem('a value is neither a text nor a whole number that JSON keeps exactly');
}

function wholeOf(evaluated: Evaluated): Evaluated {
  if (!evaluated.ok || evaluated.value === undefined) return evaluated;
  const { value } = evaluated;
  const number = typeof value === 'string' && /^-?(?:0|[1-9][0-9]{0,15})$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number)
    ? present(number + 0)
    : problem('a value is not a whole number that JSON keeps exactly');
}
