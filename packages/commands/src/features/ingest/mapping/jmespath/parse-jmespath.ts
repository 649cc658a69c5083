import { compile } from '@jmespath-community/jmespath';
import { ingestBounds } from '../../ingest-bounds.ts';
import { jmespathFunctions } from './jmespath-functions.ts';
import type { JmespathNode } from './jmespath-work.ts';

export type JmespathParse =
  | { readonly ok: true; readonly node: JmespathNode }
  | { readonly ok: false; readonly problem: string };

const parserMessageCharacters = 200;

/**
 * Parses a JMESPath expression (JMESPath Community, with arithmetic and `$`, without `let`) and judges it: its size, and that
 * it uses only what is offered. The problem is for whoever wrote it.
 */
export function parseJmespath(source: string): JmespathParse {
  // Before it is parsed: the parser goes as deep as its input.
  if (source.length > ingestBounds.jmespathCharacters) {
    return refused(`must have at most ${ingestBounds.jmespathCharacters} characters`);
  }
  let node: JmespathNode;
  try {
    node = compile(source);
  } catch (error) {
    return refused(`is not JMESPath: ${parserMessageOf(error)}`);
  }
  const problem = problemOfAll(node);
  return problem === null ? { ok: true, node } : refused(problem);
}

const parsedPlaces = new WeakMap<object, JmespathParse>();

/** The same for an expression where it stands in a mapping: parsed once for as long as somebody keeps the mapping. */
export function jmespathAt(place: { readonly jmespath: string }): JmespathParse {
  const known = parsedPlaces.get(place);
  if (known) return known;
  const parsed = parseJmespath(place.jmespath);
  parsedPlaces.set(place, parsed);
  return parsed;
}

const refused = (problem: string): JmespathParse => ({ ok: false, problem });

/** Other errors than those of syntax are the library's own; they say nothing to a reader. */
function parserMessageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  return /^syntax/i.test(message) ? message.slice(0, parserMessageCharacters) : 'it cannot be read';
}

function problemOfAll(root: JmespathNode): string | null {
  let nodes = 0;
  const judge = (node: JmespathNode, depth: number): string | null => {
    nodes += 1;
    if (nodes > ingestBounds.jmespathNodes) return `must have at most ${ingestBounds.jmespathNodes} parts`;
    if (depth > ingestBounds.jmespathDepth) return `must have at most ${ingestBounds.jmespathDepth} levels`;
    const parts = partsOf(node);
    if (!parts.ok) return parts.problem;
    for (const part of parts.nodes) {
      const problem = judge(part, depth + 1);
      if (problem !== null) return problem;
    }
    return null;
  };
  return judge(root, 1);
}

type Parts =
  | { readonly ok: true; readonly nodes: readonly JmespathNode[] }
  | { readonly ok: false; readonly problem: string };

const parts = (...nodes: readonly JmespathNode[]): Parts => ({ ok: true, nodes });
const unusable = (problem: string): Parts => ({ ok: false, problem });

/** What a node consists of. A kind of node that is not named here is not offered. */
function partsOf(node: JmespathNode): Parts {
  switch (node.type) {
    case 'Field':
    case 'Literal':
    case 'Current':
    case 'Identity':
    case 'Root':
      return parts();
    case 'Index':
      return Number.isSafeInteger(node.value) ? parts() : unusable('has an index that is no number');
    case 'Slice': {
      const numbers = [node.start, node.stop, node.step].filter((number) => number !== null);
      return numbers.every(Number.isSafeInteger) && node.step !== 0
        ? parts()
        : unusable('has a slice of what are no numbers, or with a step of 0');
    }
    case 'Flatten':
    case 'NotExpression':
      return parts(node.child);
    case 'Unary':
      return parts(node.operand);
    case 'AndExpression':
    case 'OrExpression':
    case 'IndexExpression':
    case 'Pipe':
    case 'Projection':
    case 'Subexpression':
    case 'ValueProjection':
    case 'Arithmetic':
    case 'Comparator':
      return parts(node.left, node.right);
    case 'FilterProjection':
      return parts(node.left, node.condition, node.right);
    case 'Ternary':
      return parts(node.condition, node.trueExpr, node.falseExpr);
    case 'MultiSelectList':
      return parts(...node.children);
    case 'MultiSelectHash':
      return parts(...node.children.map(({ value }) => value));
    case 'Function':
      return argumentsOf(node);
    case 'ExpressionReference':
      return unusable('has & where no function takes an expression');
    case 'Binding':
      return unusable('has = where == compares');
    case 'LetExpression':
    case 'Variable':
      return unusable('has let or a variable, which are not offered; $ is the whole body');
    default:
      return unusable('has what is not offered');
  }
}

/** How many there are is known from the expression; of what kind they are, only from a message. */
function argumentsOf({ name, children }: Extract<JmespathNode, { type: 'Function' }>): Parts {
  const known = jmespathFunctions.get(name);
  if (!known) {
    const names = [...jmespathFunctions.keys()].join(', ');
    return unusable(`has the function ${name}, which is not offered. There are ${names}`);
  }
  const { takes, repeats } = known;
  if (repeats ? children.length < takes.length : children.length !== takes.length) {
    return unusable(
      `has ${name} with ${children.length} arguments; it takes ${takes.join(', ')}${repeats ? ', …' : ''}`,
    );
  }
  const nodes: JmespathNode[] = [];
  for (const [index, child] of children.entries()) {
    if (takes[index] !== 'an expression') nodes.push(child);
    else if (child.type === 'ExpressionReference') nodes.push(child.child);
    // Evaluated, it would be what a message says.
    else return unusable(`has ${name} without & before its argument ${index + 1}`);
  }
  return { ok: true, nodes };
}
