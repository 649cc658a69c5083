import { deliveryLimits } from './delivery-limits.ts';
import { keptHeaderNames, type KeptHeaderName } from './delivery-result.ts';

/** How long the body is (RFC 9112 section 6.3). */
export type BodyFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until_close' };

export interface StatusLine {
  readonly status: number;
  readonly minorVersion: 0 | 1;
}

export interface HeaderLine {
  readonly name: string;
  readonly value: string;
}

/** The head of one response, as far as it matters for a delivery. */
export interface ResponseHead extends StatusLine {
  readonly contentLengths: readonly string[];
  readonly transferEncodings: readonly string[];
  readonly kept: Readonly<Partial<Record<KeptHeaderName, string>>>;
}

/** The reason phrase is optional in practice, and its characters are those of RFC 9112 section 4. */
const statusLinePattern = /^HTTP\/1\.([01]) ([1-5][0-9]{2})(?: [\t -~\x80-\xff]*)?$/;
const namePattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const valuePattern = /^[\t -~\x80-\xff]*$/;
const contentLengthPattern = /^[0-9]{1,15}$/;
const keptValueMaxCharacters = 256;

export function readStatusLine(line: string): StatusLine | undefined {
  const match = statusLinePattern.exec(line);
  if (match === null) return undefined;
  return { status: Number(match[2]), minorVersion: match[1] === '1' ? 1 : 0 };
}

/** One field line. A folded line (RFC 9112 section 5.2) and a blank before the colon are refused: readers differ. */
export function readHeaderLine(line: string): HeaderLine | undefined {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(colon, 0));
  const value = line.slice(colon + 1);
  if (!namePattern.test(name) || !valuePattern.test(value)) return undefined;
  return { name: name.toLowerCase(), value: trimBlanks(value) };
}

/** RFC 9110 section 5.6.3. `trim` would take more than spaces and tabs. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

/** The head with this field line added. Of a repeated header of interest the first stands. */
export function addHeaderLine(head: ResponseHead, { name, value }: HeaderLine): ResponseHead {
  if (name === 'content-length') return { ...head, contentLengths: [...head.contentLengths, value] };
  if (name === 'transfer-encoding') return { ...head, transferEncodings: [...head.transferEncodings, value] };
  const kept = keptHeaderNames.find((candidate) => candidate === name);
  if (kept === undefined || head.kept[kept] !== undefined) return head;
  return { ...head, kept: { ...head.kept, [kept]: value.slice(0, keptValueMaxCharacters) } };
}

/**
 * Decides where the body ends, or refuses: both framings at once, several lengths, a coding other than chunked, and
 * chunks in HTTP/1.0 are how one message is made to look like two (RFC 9112 section 11.2).
 */
export function frameBody(head: ResponseHead): BodyFraming | { readonly kind: 'refused'; readonly reason: string } {
  if (head.status === 204 || head.status === 304) return { kind: 'none' };
  const { contentLengths, transferEncodings } = head;
  if (transferEncodings.length > 0) {
    if (contentLengths.length > 0) return { kind: 'refused', reason: 'length_and_chunks' };
    const isChunked = transferEncodings.length === 1 && transferEncodings[0]?.toLowerCase() === 'chunked';
    if (!isChunked || head.minorVersion === 0) return { kind: 'refused', reason: 'transfer_encoding' };
    return { kind: 'chunked' };
  }
  const [length, ...others] = contentLengths;
  if (length === undefined) return { kind: 'until_close' };
  if (others.length > 0 || !contentLengthPattern.test(length)) return { kind: 'refused', reason: 'content_length' };
  return { kind: 'length', bytes: Number(length) };
}

const chunkSizePattern = /^([0-9A-Fa-f]{1,8})(?:[ \t]*;[\t -~\x80-\xff]*)?$/;

/** The size of a chunk in bytes. Extensions are skipped (RFC 9112 section 7.1.1). */
export function readChunkSize(line: string): number | undefined {
  if (line.length > deliveryLimits.chunkLineMaxBytes) return undefined;
  const size = chunkSizePattern.exec(line)?.[1];
  return size === undefined ? undefined : Number.parseInt(size, 16);
}
