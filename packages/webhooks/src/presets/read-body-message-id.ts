import { inboundLimits } from './inbound-limits.ts';

const visiblePattern = /^[!-~]+$/;

/**
 * The provider's id in a JSON body, at a JSON pointer (RFC 6901): visible ASCII, or a whole number that JSON.parse
 * keeps exactly. Undefined when there is none. Call it only after the signature matched: it parses the body.
 */
export function readBodyMessageId(input: {
  readonly rawBody: Uint8Array;
  readonly pointer: string;
}): string | undefined {
  const found = followPointer(parseBody(input.rawBody), input.pointer);
  // A larger number was rounded, so two different ids could have become one.
  if (typeof found === 'number' && Number.isSafeInteger(found) && found >= 0) return String(found);
  if (typeof found !== 'string' || found.length > inboundLimits.messageIdMaxCharacters) return undefined;
  return visiblePattern.test(found) ? found : undefined;
}

/** Undefined for bytes that are not UTF-8, are not JSON, or nest deeper than the parser goes. */
function parseBody(rawBody: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(rawBody));
  } catch {
    return undefined;
  }
}

function followPointer(document: unknown, pointer: string): unknown {
  let place = document;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, key)) return undefined;
    // An array has its own "length", which is no element.
    if (Array.isArray(place) && !/^(?:0|[1-9][0-9]*)$/.test(key)) return undefined;
    // A plain parsed value: its own keys are all that it has.
    place = (place as Readonly<Record<string, unknown>>)[key];
  }
  return place;
}
