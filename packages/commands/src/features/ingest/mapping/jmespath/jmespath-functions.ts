import type { JSONObject, JSONValue } from '@jmespath-community/jmespath';
import { isSame, type JmespathNode, JmespathStopped, type JmespathWork, payForTree } from './jmespath-work.ts';

/** What an argument may be, by the words that a problem uses. */
interface Kinds {
  readonly 'a number': number;
  readonly 'a text': string;
  readonly 'a list': readonly JSONValue[];
  readonly 'an object': JSONObject;
  readonly 'a list of numbers': readonly number[];
  readonly 'a list of texts': readonly string[];
  readonly 'a list of numbers or of texts': readonly number[] | readonly string[];
  readonly 'a text or a list': string | readonly JSONValue[];
  readonly 'a text, a list or an object': string | readonly JSONValue[] | JSONObject;
  readonly anything: JSONValue;
  /** Written with `&`: evaluated by the function, on each element. */
  readonly 'an expression': JmespathNode;
}
type Kind = keyof Kinds;
type Arguments<Takes extends readonly Kind[]> = { readonly [Index in keyof Takes]: Kinds[Takes[Index]] };

type Values = readonly (JSONValue | JmespathNode)[];

interface JmespathFunction {
  readonly takes: readonly Kind[];
  /** The last argument may come several times. */
  readonly repeats: boolean;
  /** Given arguments of the kinds that it takes. */
  readonly call: (values: Values, work: JmespathWork) => JSONValue;
}

const isNumber = (value: unknown): value is number => typeof value === 'number';
const isText = (value: unknown): value is string => typeof value === 'string';
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown, is: (element: unknown) => boolean): boolean => Array.isArray(value) && value.every(is);

const checks: { readonly [K in Kind]: (value: unknown) => boolean } = {
  'a number': isNumber,
  'a text': isText,
  'a list': Array.isArray,
  'an object': isObject,
  'a list of numbers': (value) => listOf(value, isNumber),
  'a list of texts': (value) => listOf(value, isText),
  'a list of numbers or of texts': (value) => listOf(value, isNumber) || listOf(value, isText),
  'a text or a list': (value) => isText(value) || Array.isArray(value),
  'a text, a list or an object': (value) => isText(value) || (typeof value === 'object' && value !== null),
  anything: () => true,
  // The parser put it there, never a message.
  'an expression': () => true,
};

function define<const Takes extends readonly Kind[]>(
  takes: Takes,
  call: (values: Arguments<Takes>, work: JmespathWork) => JSONValue,
  { repeats = false }: { readonly repeats?: boolean } = {},
): JmespathFunction {
  return {
    takes,
    repeats,
    // Whoever calls has checked that each is of its kind.
    call: (values, work) => call(values as unknown as Arguments<Takes>, work),
  };
}

/** Of a search within a text: what native code may do in the worst case. */
function payForSearch(text: string, searched: string, work: JmespathWork): void {
  work.pay(text.length * (1 + searched.length / 64));
}

/** By code points, which are the same everywhere: an order of words depends on the machine's language. */
function compareText(left: string, right: string, work: JmespathWork): number {
  const shared = Math.min(left.length, right.length);
  work.pay(1 + shared);
  for (let index = 0; index < shared; index += 1) {
    if (left[index] === right[index]) continue;
    return (left.codePointAt(index) ?? 0) - (right.codePointAt(index) ?? 0);
  }
  return left.length - right.length;
}

function compare(left: JSONValue, right: JSONValue, work: JmespathWork): number {
  if (isText(left) && isText(right)) return compareText(left, right, work);
  work.pay(1);
  return Number(left) - Number(right);
}

interface Keyed {
  readonly value: JSONValue;
  readonly key: JSONValue;
}

/** Each element with what it is sorted by, in the order of the list. */
function keyed(list: readonly JSONValue[], by: JmespathNode, work: JmespathWork): Keyed[] {
  const pairs = list.map((value) => ({ value, key: work.evaluate(by, value) }));
  const keys = pairs.map(({ key }) => key);
  if (!listOf(keys, isNumber) && !listOf(keys, isText)) {
    throw new JmespathStopped('what it orders by is neither always a number nor always a text');
  }
  return pairs;
}

/** The first of those that no other surpasses; null of none. */
function foremost(pairs: readonly Keyed[], sign: 1 | -1, work: JmespathWork): JSONValue {
  let best: Keyed | undefined;
  for (const pair of pairs) if (best === undefined || sign * compare(pair.key, best.key, work) > 0) best = pair;
  return best?.value ?? null;
}

function sorted(pairs: readonly Keyed[], work: JmespathWork): JSONValue[] {
  return pairs.toSorted((left, right) => compare(left.key, right.key, work)).map(({ value }) => value);
}

const itself = (list: readonly JSONValue[]): Keyed[] => list.map((value) => ({ value, key: value }));
const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

function toNumber(value: JSONValue): JSONValue {
  if (isNumber(value)) return value;
  // The grammar of JSON's numbers: an empty text is none.
  return isText(value) && /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(value) ? Number(value) : null;
}

function toText(value: JSONValue, work: JmespathWork): string {
  if (isText(value)) return value;
  payForTree(value, work);
  return JSON.stringify(value, (_name, member: unknown) => {
    // It was rounded when it was parsed: two names could have become one.
    if (Number.isInteger(member) && !Number.isSafeInteger(member)) {
      throw new JmespathStopped('a number that JSON does not keep exactly is no text');
    }
    return member;
  });
}

function typeOf(value: JSONValue): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function merged(objects: readonly JSONObject[]): JSONObject {
  // Assigned one by one, a member `__proto__` would be something else.
  return Object.fromEntries(new Map(objects.flatMap((object) => Object.entries(object))));
}

function replaced(text: string, { searched, by }: { searched: string; by: string }, work: JmespathWork): string {
  payForSearch(text, searched, work);
  const parts = text.split(searched);
  work.pay(text.length + parts.length * by.length);
  return parts.join(by);
}

function joined(glue: string, texts: readonly string[], work: JmespathWork): string {
  work.pay(sumOf(texts.map((text) => text.length + glue.length)));
  return texts.join(glue);
}

/**
 * The functions that there are: those of the JMESPath specification, and of its community's proposals the plain ones on
 * texts. Ours and not the library's, which make as much as an argument says, take an object of a message for an expression,
 * and sort numbers as texts. Each pays before it makes more than it was given.
 */
export const jmespathFunctions: ReadonlyMap<string, JmespathFunction> = new Map(
  Object.entries({
    abs: define(['a number'], ([number]) => Math.abs(number)),
    avg: define(['a list of numbers'], ([numbers]) => (numbers.length === 0 ? null : sumOf(numbers) / numbers.length)),
    ceil: define(['a number'], ([number]) => Math.ceil(number)),
    contains: define(['a text or a list', 'anything'], ([within, searched], work) => {
      if (!isText(within)) return within.some((element) => isSame(element, searched, work));
      if (!isText(searched)) return null;
      payForSearch(within, searched, work);
      return within.includes(searched);
    }),
    ends_with: define(['a text', 'a text'], ([text, end]) => text.endsWith(end)),
    floor: define(['a number'], ([number]) => Math.floor(number)),
    join: define(['a text', 'a list of texts'], ([glue, texts], work) => joined(glue, texts, work)),
    keys: define(['an object'], ([object]) => Object.keys(object)),
    length: define(['a text, a list or an object'], ([value]) =>
      isText(value) ? [...value].length : Object.keys(value).length,
    ),
    lower: define(['a text'], ([text]) => text.toLowerCase()),
    map: define(['an expression', 'a list'], ([by, list], work) => list.map((value) => work.evaluate(by, value))),
    max: define(['a list of numbers or of texts'], ([list], work) => foremost(itself(list), 1, work)),
    max_by: define(['a list', 'an expression'], ([list, by], work) => foremost(keyed(list, by, work), 1, work)),
    merge: define(['an object'], (objects) => merged(objects), { repeats: true }),
    min: define(['a list of numbers or of texts'], ([list], work) => foremost(itself(list), -1, work)),
    min_by: define(['a list', 'an expression'], ([list, by], work) => foremost(keyed(list, by, work), -1, work)),
    not_null: define(['anything'], (values) => values.find((value: JSONValue) => value !== null) ?? null, {
      repeats: true,
    }),
    replace: define(['a text', 'a text', 'a text'], ([text, searched, by], work) =>
      replaced(text, { searched, by }, work),
    ),
    reverse: define(['a text or a list'], ([value]) =>
      isText(value) ? [...value].toReversed().join('') : value.toReversed(),
    ),
    sort: define(['a list of numbers or of texts'], ([list], work) => sorted(itself(list), work)),
    sort_by: define(['a list', 'an expression'], ([list, by], work) => sorted(keyed(list, by, work), work)),
    split: define(['a text', 'a text'], ([text, by], work) => {
      payForSearch(text, by, work);
      return by === '' ? [...text] : text.split(by);
    }),
    starts_with: define(['a text', 'a text'], ([text, start]) => text.startsWith(start)),
    sum: define(['a list of numbers'], ([numbers]) => sumOf(numbers)),
    to_array: define(['anything'], ([value]) => (Array.isArray(value) ? value : [value])),
    to_number: define(['anything'], ([value]) => toNumber(value)),
    to_string: define(['anything'], ([value], work) => toText(value, work)),
    trim: define(['a text'], ([text]) => text.trim()),
    type: define(['anything'], ([value]) => typeOf(value)),
    upper: define(['a text'], ([text]) => text.toUpperCase()),
    values: define(['an object'], ([object]) => Object.values(object)),
  }),
);

/** Calls a function with as many values as it takes; throws `JmespathStopped` where one is of another kind. */
export function callJmespathFunction(name: string, values: Values, work: JmespathWork): JSONValue {
  const called = jmespathFunctions.get(name);
  if (!called) throw new Error(`the parser let ${name} pass`);
  for (const [index, value] of values.entries()) {
    const kind = called.takes[Math.min(index, called.takes.length - 1)];
    if (kind !== undefined && !checks[kind](value)) {
      throw new JmespathStopped(`argument ${index + 1} of ${name} is not ${kind}`);
    }
  }
  return called.call(values, work);
}
