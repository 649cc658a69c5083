import { ingest } from '@karmanflow/commands';

/** What a person sees of a message without seeing any of its values. */
export interface MessageOutline {
  readonly headers: readonly string[];
  readonly bodyBytes: number;
  /** The kind of value at each place of the body; null when the body is not JSON. */
  readonly fields: Readonly<Record<string, string>> | null;
  /** Whether there is more than is shown. */
  readonly isCut: boolean;
}

const { outlineFields, outlineCharacters } = ingest.ingestBounds;
const namePattern = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
const depthMax = 12;

/** Names of headers, and the kinds of values by their place. A name that may itself be a value is shown as a star. */
export function outlineMessage(message: {
  readonly headerNames: readonly string[];
  readonly body: Uint8Array;
}): MessageOutline {
  const headers = [...new Set(message.headerNames.filter((name) => namePattern.test(name)))].slice(0, outlineFields);
  const bodyBytes = message.body.length;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(message.body));
  } catch {
    return { headers, bodyBytes, fields: null, isCut: false };
  }
  const fields = new Map<string, string>();
  let isCut = false;
  let characters = 0;
  const walk = (place: unknown, path: string, depth: number): void => {
    const isWhole = typeof place !== 'object' || place === null;
    if (!isWhole && depth < depthMax) {
      // Of a list the first elements tell what the others are.
      const members = Array.isArray(place)
        ? place.slice(0, 2).map((one) => ['-', one] as const)
        : Object.entries(place).map(([name, one]) => [namePattern.test(name) ? name : '*', one] as const);
      for (const [name, one] of members) walk(one, `${path}/${name}`, depth + 1);
      if (members.length > 0) return;
    }
    if (fields.has(path)) return;
    if (fields.size >= outlineFields || characters > outlineCharacters / 2) {
      isCut = true;
      return;
    }
    characters += path.length;
    fields.set(path, kindOf(place));
  };
  walk(value, '', 0);
  return { headers, bodyBytes, fields: Object.fromEntries(fields), isCut };
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'string' ? 'text' : typeof value;
}
