import type { compile, JSONValue } from '@jmespath-community/jmespath';
import { ingestBounds } from '../../ingest-bounds.ts';

/** A part of a parsed expression. The library exports its function and not the type. */
export type JmespathNode = ReturnType<typeof compile>;

/** Ends an evaluation from within: the library recurses, and nothing else gets out of it. Caught where it was begun. */
export class JmespathStopped extends Error {}

/** What a function may do while it is called. */
export interface JmespathWork {
  /** Pays for elements, members and characters before they are looked at or made; throws `JmespathStopped` beyond the budget. */
  readonly pay: (units: number) => void;
  readonly evaluate: (node: JmespathNode, value: JSONValue) => JSONValue;
}

type Payment = Pick<JmespathWork, 'pay'>;

/**
 * Pays for a value as the tree that it would be as text. An expression can put one list into many places, so that little
 * memory stands for a text without end.
 */
export function payForTree(value: JSONValue, work: Payment, depth: number = 1): void {
  if (depth > ingestBounds.jmespathResultDepth) throw new JmespathStopped('its result is nested too deeply');
  if (typeof value === 'string') return work.pay(1 + value.length);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new JmespathStopped(notFinite);
  work.pay(1);
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const element of value) payForTree(element, work, depth + 1);
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    work.pay(name.length);
    payForTree(member, work, depth + 1);
  }
}

export const notFinite = 'it has a number that JSON has not';

/** Equality of JSON values; members in any order. Pays for each pair, since lists that are shared can be compared without end. */
export function isSame(left: JSONValue, right: JSONValue, work: Payment): boolean {
  // Texts of different lengths are told apart at once.
  const isLong = typeof left === 'string' && typeof right === 'string' && left.length === right.length;
  work.pay(1 + (isLong ? left.length : 0));
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((element, index) => isSame(element, right[index] ?? null, work));
  }
  const entries = Object.entries(left);
  work.pay(entries.length);
  if (entries.length !== Object.keys(right).length) return false;
  return entries.every(([name, member]) => Object.hasOwn(right, name) && isSame(member, right[name] ?? null, work));
}
