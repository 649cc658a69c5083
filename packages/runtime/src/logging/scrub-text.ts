const redacted = '[redacted]';

/** The inside of a JSON string: an escaped character or a plain one. The line stays valid JSON after the replacement. */
const inString = String.raw`(?:\\.|[^"\\\s])`;
const withSpaces = String.raw`(?:\\.|[^"\\])`;

/** Credentials that are recognisable by their form, wherever they stand: in messages, addresses and stack traces. */
const forms: readonly { readonly pattern: RegExp; readonly replacement: string }[] = [
  // The password of an address, as in the messages of drivers and of URL parsers. Digits before a path are a port.
  {
    pattern: new RegExp(String.raw`(:\/\/(?:\\.|[^"\\\s:/@])*:)(?!\d+[/?#])${inString}+(?=@)`, 'g'),
    replacement: `$1${redacted}`,
  },
  { pattern: /\b(Bearer|bearer|Basic) +[A-Za-z0-9._~+/=-]{8,}/g, replacement: `$1 ${redacted}` },
  { pattern: /\bwhs[ek][ck]?_[A-Za-z0-9+/=_-]{16,}/g, replacement: redacted },
  { pattern: /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, replacement: redacted },
  {
    pattern: new RegExp(`-----BEGIN [A-Z0-9 ]*PRIVATE ${'KEY'}-----${withSpaces}*`, 'g'),
    replacement: redacted,
  },
];

/** One pass decides for almost every line that nothing is to be replaced. */
const suspicion = /:\/\/|Bearer|Basic|whs|eyJ|PRIVATE/i;

/** Takes credentials of a recognisable form out of a finished log line, or of any text. */
export function scrubText(text: string): string {
  if (!suspicion.test(text)) return text;
  let scrubbed = text;
  for (const { pattern, replacement } of forms) scrubbed = scrubbed.replace(pattern, replacement);
  return scrubbed;
}
