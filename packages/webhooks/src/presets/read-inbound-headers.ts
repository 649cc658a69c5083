import type { WebhookHeaderPairs } from '../read-webhook-headers.ts';
import { inboundLimits } from './inbound-limits.ts';
import type { InboundPreset } from './inbound-preset.ts';
import { refuseInbound, type InboundRefusal } from './inbound-refusal.ts';

/** What the preset's headers say. An id or a timestamp is there when the preset reads it from a header of its own. */
export interface InboundHeaderValues {
  readonly ok: true;
  readonly signature: string;
  readonly messageId?: string;
  readonly timestamp?: string;
}

type HeaderRole = 'messageId' | 'timestamp' | 'signature';

interface FoundHeader {
  readonly role: HeaderRole;
  readonly name: string;
  /** A value is unknown: a server's header object can hold lists. */
  readonly values: unknown[];
}

/** How a server joins two header lines of one name (RFC 9110 section 5.3). No single value of a preset has it. */
const mergedLinesPattern = /,[ \t]|[ \t],/;
const printablePattern = /^[ -~]+$/;
const visiblePattern = /^[!-~]+$/;

/**
 * Finds the headers of a preset and refuses each ambiguity: absent, twice, merged from two lines, empty, characters
 * that are not printable ASCII, too large. What the timestamp and the signature say is judged by their own readers.
 */
export function readInboundHeaders(input: {
  readonly preset: InboundPreset;
  readonly headers: WebhookHeaderPairs;
}): InboundHeaderValues | InboundRefusal {
  const found = collectHeaders(input);
  for (const { name, values } of found) {
    if (values.length === 0) return refuseInbound('header_missing', `${name} is absent.`);
  }
  for (const { name, values } of found) {
    if (values.length > 1) return refuseInbound('header_duplicate', `${name} is present more than once.`);
    if (typeof values[0] === 'string' && mergedLinesPattern.test(values[0])) {
      return refuseInbound('header_duplicate', `${name} is merged from two header lines.`);
    }
  }
  const texts = new Map<HeaderRole, string>();
  for (const { role, name, values } of found) {
    const text = readText({ preset: input.preset, role, value: values[0] });
    if (text === undefined) {
      return refuseInbound('header_malformed', `${name} is empty or has characters that it cannot have.`);
    }
    texts.set(role, text);
  }
  return refuseLargeHeaders({ preset: input.preset, texts }) ?? pickValues(texts);
}

/** In the order in which they are judged. Names match by ASCII case only: case folding would take the Kelvin sign for k. */
function collectHeaders(input: {
  readonly preset: InboundPreset;
  readonly headers: WebhookHeaderPairs;
}): FoundHeader[] {
  const { signature, timestamp, messageId } = input.preset;
  const found: FoundHeader[] = [];
  if (messageId.source === 'header') found.push({ role: 'messageId', name: messageId.header, values: [] });
  if (timestamp?.source === 'header') found.push({ role: 'timestamp', name: timestamp.header, values: [] });
  found.push({ role: 'signature', name: signature.header, values: [] });

  const patterns = found.map(({ name }) => new RegExp(`^${name}$`, 'i'));
  for (const [name, value] of input.headers) {
    found[patterns.findIndex((pattern) => pattern.test(name))]?.values.push(value);
  }
  return found;
}

/** An id that is signed has no character of the texts between the parts, so the parts can be told apart. */
function readText(input: {
  readonly preset: InboundPreset;
  readonly role: HeaderRole;
  readonly value: unknown;
}): string | undefined {
  const { role, value } = input;
  if (typeof value !== 'string' || !printablePattern.test(value)) return undefined;
  if (role !== 'messageId') return value;
  if (!visiblePattern.test(value)) return undefined;
  const { signedContent } = input.preset;
  if (!signedContent.some(({ part }) => part === 'id')) return value;
  const separators = signedContent.flatMap((part) => (part.part === 'text' ? [...part.text] : []));
  const isAmbiguous = separators.some((character) => /[^0-9A-Za-z]/.test(character) && value.includes(character));
  return isAmbiguous ? undefined : value;
}

function refuseLargeHeaders(input: {
  readonly preset: InboundPreset;
  readonly texts: ReadonlyMap<HeaderRole, string>;
}): InboundRefusal | undefined {
  const { messageIdMaxCharacters, headersMaxCharacters, signaturesMax } = inboundLimits;
  const { signature } = input.preset;
  if ((input.texts.get('messageId')?.length ?? 0) > messageIdMaxCharacters) {
    return refuseInbound('header_too_large', `The message id has more than ${messageIdMaxCharacters} characters.`);
  }
  const characters = [...input.texts.values()].reduce((sum, text) => sum + text.length, 0);
  if (characters > headersMaxCharacters) {
    return refuseInbound('header_too_large', `The headers have more than ${headersMaxCharacters} characters together.`);
  }
  if (signature.form !== 'tagged') return undefined;
  if ((input.texts.get('signature') ?? '').split(signature.entrySeparator).length > signaturesMax) {
    return refuseInbound('header_too_large', `${signature.header} has more than ${signaturesMax} entries.`);
  }
  return undefined;
}

function pickValues(texts: ReadonlyMap<HeaderRole, string>): InboundHeaderValues {
  const messageId = texts.get('messageId');
  const timestamp = texts.get('timestamp');
  return {
    ok: true,
    signature: texts.get('signature') ?? '',
    ...(messageId === undefined ? {} : { messageId }),
    ...(timestamp === undefined ? {} : { timestamp }),
  };
}
