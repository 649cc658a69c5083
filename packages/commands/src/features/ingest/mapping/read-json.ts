import { limits } from '@karmanflow/schema';

export type JsonResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly detail: string };

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses the bytes of a message (RFC 8259): UTF-8 without a byte order mark, nested at most `limits.jsonDepth` levels.
 * The depth is counted before anything is parsed. The detail never repeats what was sent.
 */
export function readJson(body: Uint8Array): JsonResult {
  let text: string;
  try {
    text = decoder.decode(body);
  } catch {
    return { ok: false, detail: 'the body is not UTF-8' };
  }
  if (depthOf(text) > limits.jsonDepth) {
    return { ok: false, detail: `the body is nested deeper than ${limits.jsonDepth} levels` };
  }
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false, detail: 'the body is not JSON' };
  }
}

/** How deep brackets are nested outside of strings. What is not JSON has some depth as well; the parser refuses it. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (inString) {
      if (character === '\\') index += 1;
      else if (character === '"') inString = false;
      continue;
    }
    if (character === '"') inString = true;
    else if (character === '[' || character === '{') deepest = Math.max(deepest, (depth += 1));
    else if (character === ']' || character === '}') depth -= 1;
  }
  return deepest;
}
