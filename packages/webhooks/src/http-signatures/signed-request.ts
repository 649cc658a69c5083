import type { WebhookHeaderPairs } from '../read-webhook-headers.ts';

/** A request as it arrived, with nothing decoded. */
export interface SignedRequest {
  readonly method: string;
  /** The absolute target URI (RFC 9421 section 2.2.2), with the authority under which the sender knows us. */
  readonly url: string;
  /** Prefer the server's raw list of pairs: a `Headers` object has already merged duplicates. */
  readonly headers: WebhookHeaderPairs;
  readonly rawBody: Uint8Array;
}

/** Plain ASCII, and no line break, which would forge a line of the signature base. */
const fieldValuePattern = /^[\t -~]*$/;

/** The values of a header in the order of arrival. Names match by ASCII case only, unlike in `toLowerCase`. */
export function findHeaderLines(request: SignedRequest, name: string): readonly unknown[] {
  const lines: unknown[] = [];
  for (const [key, value] of request.headers) {
    if (key.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) === name) lines.push(value);
  }
  return lines;
}

/** All lines of a header as one value (RFC 9421 section 2.1). Undefined when absent or not plain ASCII. */
export function combineHeaderLines(request: SignedRequest, name: string): string | undefined {
  const lines = findHeaderLines(request, name);
  if (lines.length === 0 || !lines.every(isFieldValue)) return undefined;
  return lines.map((line) => line.trim()).join(', ');
}

/** A server's header object can hold lists, so a value is unknown. */
export function isFieldValue(value: unknown): value is string {
  return typeof value === 'string' && fieldValuePattern.test(value);
}
