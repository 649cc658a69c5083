import { type JSONObject, type JSONValue, TreeInterpreter } from '@jmespath-community/jmespath';
import { type Evaluated, present, problem, tooLarge } from '../evaluated.ts';
import type { StepBudget } from '../step-budget.ts';
import { callJmespathFunction } from './jmespath-functions.ts';
import {
  isSame,
  type JmespathNode,
  JmespathStopped,
  type JmespathWork,
  notFinite,
  payForTree,
} from './jmespath-work.ts';
import { jmespathAt } from './parse-jmespath.ts';

// The library exports one interpreter, whose registry all share, and not its class.
const Interpreter = TreeInterpreter.constructor as new () => typeof TreeInterpreter;

/**
 * The library's interpreter, which pays for each visit and for the width of each result, of one and the same budget. It does
 * itself what the library would do without an end (lists of lists, equality, functions) or with more than the data
 * (members of prototypes). Everything that the library evaluates comes back into `visit`; `let`, which would not, is not parsed.
 */
class BoundedInterpreter extends Interpreter {
  readonly #body: JSONValue;
  readonly #budget: StepBudget;
  readonly #work: JmespathWork;

  constructor({ body, budget }: { readonly body: JSONValue; readonly budget: StepBudget }) {
    super();
    this.#body = body;
    this.#budget = budget;
    this.#work = {
      pay: (units) => {
        if (!budget.takeUnits(units)) throw new JmespathStopped(tooLarge);
      },
      evaluate: (node, value) => this.evaluate(node, value),
    };
  }

  evaluate(node: JmespathNode, value: JSONValue): JSONValue {
    // Only `&` gives anything but JSON, and the parser lets it stand as an argument alone.
    return this.visit(node, value) as JSONValue;
  }

  /** A value that leaves: paid for as the tree that it is. */
  leaving(value: JSONValue): JSONValue {
    payForTree(value, this.#work);
    return value;
  }

  override visit(node: JmespathNode, value: JSONValue): ReturnType<typeof TreeInterpreter.visit> {
    if (!this.#budget.take(1)) throw new JmespathStopped(tooLarge);
    const result = this.#resultOf(node, value);
    if (typeof result === 'number' && !Number.isFinite(result)) throw new JmespathStopped(notFinite);
    this.#work.pay(widthOf(result));
    return result;
  }

  #resultOf(node: JmespathNode, value: JSONValue): ReturnType<typeof TreeInterpreter.visit> {
    switch (node.type) {
      case 'Root':
        return this.#body;
      case 'Field':
        return memberOf(value, node.name);
      case 'MultiSelectHash':
        return Object.fromEntries(node.children.map((child) => [child.name, this.evaluate(child.value, value)]));
      case 'Flatten':
        return this.#flattened(this.evaluate(node.child, value));
      case 'Comparator': {
        if (node.name !== 'EQ' && node.name !== 'NE') return super.visit(node, value);
        const areSame = isSame(this.evaluate(node.left, value), this.evaluate(node.right, value), this.#work);
        return areSame === (node.name === 'EQ');
      }
      case 'Function': {
        const values = node.children.map((child) =>
          child.type === 'ExpressionReference' ? child.child : this.evaluate(child, value),
        );
        return callJmespathFunction(node.name, values, this.#work);
      }
      default:
        return super.visit(node, value);
    }
  }

  #flattened(value: JSONValue): JSONValue {
    if (!Array.isArray(value)) return null;
    for (const element of value) this.#work.pay(Array.isArray(element) ? element.length : 1);
    return value.flat() as JSONValue[];
  }
}

function memberOf(value: JSONValue, name: string): JSONValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return Object.hasOwn(value, name) ? ((value as JSONObject)[name] ?? null) : null;
}

/** What it takes to go through a value once, without going into it. */
function widthOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

const shownCharacters = 80;

/** How a problem names an expression: by its own text. */
export function shownJmespath({ jmespath }: { readonly jmespath: string }): string {
  return jmespath.length > shownCharacters ? `${jmespath.slice(0, shownCharacters)}…` : jmespath;
}

export interface JmespathEvaluation {
  /** What an expression finds in a value; undefined where it finds nothing. What it gives out may be kept as it is. */
  readonly find: (place: { readonly jmespath: string }, value: unknown) => Evaluated;
  /** The same for a list to go through, whose elements do not all leave: each is paid for by `leaving` when it does. */
  readonly list: (place: { readonly jmespath: string }, value: unknown) => Evaluated;
  readonly leaving: (value: unknown) => Evaluated;
}

/**
 * Evaluates JMESPath on values of one message, within a budget that others share. Pure; nothing makes it throw. `$` is the
 * body, `@` the value. Problems name the expression, never what stands in the message.
 */
export function jmespathEvaluation(given: { readonly body: unknown; readonly budget: StepBudget }): JmespathEvaluation {
  let made: BoundedInterpreter | undefined;
  // Values of a message come from JSON.parse.
  const interpreter = (): BoundedInterpreter =>
    (made ??= new BoundedInterpreter({ body: given.body as JSONValue, budget: given.budget }));
  const evaluate = (place: { readonly jmespath: string }, value: unknown, isLeaving: boolean): Evaluated => {
    const parsed = jmespathAt(place);
    if (!parsed.ok) return problem(`${shownJmespath(place)} ${parsed.problem}`);
    return withoutThrowing(shownJmespath(place), () => {
      const found = interpreter().evaluate(parsed.node, value as JSONValue);
      return isLeaving ? interpreter().leaving(found) : found;
    });
  };
  return {
    find: (place, value) => evaluate(place, value, true),
    list: (place, value) => evaluate(place, value, false),
    leaving: (value) => withoutThrowing('an element', () => interpreter().leaving(value as JSONValue)),
  };
}

/** The library's own errors may repeat what they are about. */
function withoutThrowing(what: string, evaluate: () => JSONValue): Evaluated {
  try {
    return present(evaluate() ?? undefined);
  } catch (error) {
    if (!(error instanceof JmespathStopped)) return problem(`${what} cannot be applied to what the message has`);
    return problem(error.message === tooLarge ? tooLarge : `${what}: ${error.message}`);
  }
}
