import { bundleLineCharactersMax } from './bundle-limits.ts';

/**
 * The lines of a text that arrives as UTF-8 in pieces of any size, without their newlines, in constant memory. Of a line
 * beyond `bundleLineCharactersMax` only the beginning is kept, one character more than that, so that it is refused.
 * Bytes that are not UTF-8 become U+FFFD, which no hash of the line survives. A last line without newline comes as well.
 */
export async function* splitLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let rest = '';
  for await (const piece of pieces) {
    const lines = decoder.decode(piece, { stream: true }).split('\n');
    lines[0] = rest + (lines[0] ?? '');
    rest = bounded(lines.pop() ?? '');
    for (const line of lines) yield bounded(line);
  }
  rest = bounded(rest + decoder.decode());
  if (rest !== '') yield rest;
}

function bounded(line: string): string {
  return line.length > bundleLineCharactersMax ? line.slice(0, bundleLineCharactersMax + 1) : line;
}
