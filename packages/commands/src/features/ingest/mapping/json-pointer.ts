/** What stands at a JSON pointer (RFC 6901); undefined where there is nothing. Only own members, and of arrays only elements. */
export function atPointer(document: unknown, pointer: string): unknown {
  let place = document;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, key)) return undefined;
    if (Array.isArray(place) && !/^(?:0|[1-9][0-9]*)$/.test(key)) return undefined;
    // A plain parsed value: its own members are all that it has.
    place = (place as Readonly<Record<string, unknown>>)[key];
  }
  return place;
}
