import { jsonDepthMax } from './limits.ts';

/**
 * What may still be spent on a walk. `bytesLeft` falls by a lower bound of each part's canonical size, so a value that
 * is too large ends the walk early and a value that fits is never called too large.
 */
export interface JsonBudget {
  bytesLeft: number;
  /** Becomes false when the members of an object do not stand in the order of RFC 8785 section 3.2.3 already. */
  inOrder: boolean;
}

/**
 * Finds the first thing in `value` that JSON would lose, change or refuse: undefined, functions, symbols, BigInt,
 * NaN, infinities, integers that a double cannot tell apart, lone surrogates, instances of classes (Map, Set, Date,
 * boxed primitives), symbol keys, holes and named properties of arrays, cycles, nesting beyond `jsonDepthMax`.
 *
 * Returns null when there is none, else text of the form `.path[0] what is wrong`. When the budget ran out,
 * `budget.bytesLeft` is negative. Source: RFC 7493 (I-JSON) section 2, which RFC 8785 section 3.1 requires.
 */
export function findJsonFault(value: unknown, budget: JsonBudget): string | null {
  return findFault(value, jsonDepthMax, budget);
}

function findFault(value: unknown, depthLeft: number, budget: JsonBudget): string | null {
  switch (typeof value) {
    case 'string':
      return findTextFault(value, budget);
    case 'number':
      budget.bytesLeft -= 1;
      return findNumberFault(value) ?? findBudgetFault(budget);
    case 'boolean':
      budget.bytesLeft -= 4;
      return findBudgetFault(budget);
    case 'object':
      if (value === null) {
        budget.bytesLeft -= 4;
        return findBudgetFault(budget);
      }
      if (depthLeft === 0) return ` is nested deeper than ${jsonDepthMax} levels, or is a cycle`;
      return Array.isArray(value)
        ? findArrayFault(value, depthLeft - 1, budget)
        : findObjectFault(value, depthLeft - 1, budget);
    default:
      return ` is ${typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`}`;
  }
}

function findBudgetFault(budget: JsonBudget): string | null {
  return budget.bytesLeft < 0 ? ' is too large' : null;
}

function findTextFault(text: string, budget: JsonBudget): string | null {
  budget.bytesLeft -= text.length + 2;
  if (budget.bytesLeft < 0) return ' is too large';
  return text.isWellFormed() ? null : ' holds a lone surrogate';
}

// Every double beyond the safe range is an integer, so one comparison finds unsafe integers and the infinities.
function findNumberFault(number: number): string | null {
  if (number <= Number.MAX_SAFE_INTEGER && number >= -Number.MAX_SAFE_INTEGER) return null;
  return Number.isFinite(number) ? ' is an integer beyond the safe range' : ` is ${number}`;
}

function findArrayFault(array: readonly unknown[], depthLeft: number, budget: JsonBudget): string | null {
  budget.bytesLeft -= 2;
  // Each element takes a byte at least, so a vast array is refused before its keys are listed.
  if (array.length > budget.bytesLeft) {
    budget.bytesLeft = -1;
    return ' is too large';
  }
  if (Object.getPrototypeOf(array) !== Array.prototype) return ' is not a plain array';
  if (Object.keys(array).length !== array.length) return ' has holes or named properties';
  for (let index = 0; index < array.length; index += 1) {
    const fault = findFault(array[index], depthLeft, budget);
    if (fault !== null) return `[${index}]${fault}`;
  }
  return null;
}

function findObjectFault(object: object, depthLeft: number, budget: JsonBudget): string | null {
  budget.bytesLeft -= 2;
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) return ' is not a plain object';
  if (Object.getOwnPropertySymbols(object).length > 0) return ' has symbol keys';
  // A plain object is a record; keys without values are listed because pairs would double the time of the walk.
  const members = object as Readonly<Record<string, unknown>>;
  let before: string | null = null;
  for (const name of Object.keys(object)) {
    // Comparing strings compares their UTF-16 code units, which is the order that RFC 8785 asks for.
    if (before !== null && name < before) budget.inOrder = false;
    before = name;
    const fault = findTextFault(name, budget) ?? findFault(members[name], depthLeft, budget);
    if (fault !== null) return `.${name.slice(0, 64)}${fault}`;
  }
  return null;
}
