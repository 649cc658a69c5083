import { hasMessageIdCharacters } from './message-id.ts';
import {
  webhookIdHeader,
  webhookSignatureHeader,
  webhookTimestampHeader,
  type WebhookHeaderName,
} from './webhook-header-names.ts';
import { webhookLimits } from './webhook-limits.ts';
import type { WebhookRefusal } from './webhook-refusal.ts';

/** The headers of a request as [name, value] pairs. A `Headers` object is one; a list keeps duplicates apart. */
export type WebhookHeaderPairs = Iterable<readonly [name: string, value: string]>;

export interface WebhookHeaderValues {
  readonly ok: true;
  readonly messageId: string;
  readonly timestamp: string;
  readonly signature: string;
}

/** Names are compared by ASCII case only: full case folding would take the Kelvin sign for a 'k'. */
const namePatterns: readonly (readonly [WebhookHeaderName, RegExp])[] = [
  [webhookIdHeader, /^webhook-id$/i],
  [webhookTimestampHeader, /^webhook-timestamp$/i],
  [webhookSignatureHeader, /^webhook-signature$/i],
];

/** How a server joins two header lines of one name (RFC 9110 section 5.3). No single value of ours has it. */
const mergedLinesPattern = /,[ \t]|[ \t],/;

const printableAsciiPattern = /^[ -~]+$/;

/**
 * Finds the three headers and refuses each ambiguity: absent, twice, merged from two lines, empty, characters that
 * are not printable ASCII, too large. What the timestamp and the signature say is judged by their own readers.
 */
export function readWebhookHeaders(pairs: WebhookHeaderPairs): WebhookHeaderValues | WebhookRefusal {
  const found = collectValues(pairs);

  for (const [name, values] of found) {
    if (values.length === 0) return { ok: false, code: 'header_missing', detail: `${name} is absent.` };
  }
  for (const [name, values] of found) {
    if (values.length > 1) return { ok: false, code: 'header_duplicate', detail: `${name} is present more than once.` };
    if (typeof values[0] === 'string' && mergedLinesPattern.test(values[0])) {
      return { ok: false, code: 'header_duplicate', detail: `${name} is merged from two header lines.` };
    }
  }
  const [messageId, timestamp, signature] = found.map(([, values]) => values[0]);
  if (!isPrintable(messageId) || !hasMessageIdCharacters(messageId)) return malformed(webhookIdHeader);
  if (!isPrintable(timestamp)) return malformed(webhookTimestampHeader);
  if (!isPrintable(signature)) return malformed(webhookSignatureHeader);

  const refusal = refuseLargeHeaders({ messageId, timestamp, signature });
  return refusal ?? { ok: true, messageId, timestamp, signature };
}

/** In the order of `namePatterns`. A value is unknown: a server's header object can hold lists. */
function collectValues(pairs: WebhookHeaderPairs): readonly (readonly [WebhookHeaderName, unknown[]])[] {
  const found = namePatterns.map(([name]) => [name, [] as unknown[]] as const);
  for (const [name, value] of pairs) {
    const index = namePatterns.findIndex(([, pattern]) => pattern.test(name));
    found[index]?.[1].push(value);
  }
  return found;
}

function isPrintable(value: unknown): value is string {
  return typeof value === 'string' && printableAsciiPattern.test(value);
}

function malformed(name: WebhookHeaderName): WebhookRefusal {
  return { ok: false, code: 'header_malformed', detail: `${name} is empty or has characters that it cannot have.` };
}

function refuseLargeHeaders(values: Omit<WebhookHeaderValues, 'ok'>): WebhookRefusal | undefined {
  const { messageIdMaxCharacters, headersMaxCharacters, signaturesMax } = webhookLimits;
  if (values.messageId.length > messageIdMaxCharacters) {
    return tooLarge(`${webhookIdHeader} has more than ${messageIdMaxCharacters} characters.`);
  }
  if (values.messageId.length + values.timestamp.length + values.signature.length > headersMaxCharacters) {
    return tooLarge(`The webhook headers have more than ${headersMaxCharacters} characters together.`);
  }
  if (values.signature.split(' ').length > signaturesMax) {
    return tooLarge(`${webhookSignatureHeader} has more than ${signaturesMax} entries.`);
  }
  return undefined;
}

function tooLarge(detail: string): WebhookRefusal {
  return { ok: false, code: 'header_too_large', detail };
}
