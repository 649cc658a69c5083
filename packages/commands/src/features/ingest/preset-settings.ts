import { canonicalBytes, type JsonValue } from '@karmanflow/receipts';
import { limits } from '@karmanflow/schema';
import * as v from 'valibot';
import type { IngestPreset } from '../access/index.ts';
import { ingestBounds } from './ingest-bounds.ts';

const headerName = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be a header name in lower case'));
const tag = v.pipe(v.string(), v.regex(/^[a-z][0-9a-z_]{0,15}$/, 'must be a short word in lower case'));
const encoding = v.picklist(['hex', 'base64']);
const unit = v.picklist(['seconds', 'milliseconds']);
const printable = (pattern: RegExp) => v.pipe(v.string(), v.maxLength(32), v.regex(pattern, 'must be printable ASCII'));
const whole = (range: { min: number; max: number }) =>
  v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(range.min), v.maxValue(range.max));

const pointer = v.pipe(
  v.string(),
  v.maxLength(ingestBounds.pointerCharacters),
  v.regex(/^(?:\/(?:[^~/]|~[01])*)+$/, 'must be a JSON pointer'),
);

/**
 * The scheme of a sender that no preset describes: which header, which encoding, what was signed in which order, where time
 * and id are. The package of webhooks has the last word on whether it can be verified in one way only (`configureGenericHmac`).
 */
const genericHmacShape = v.strictObject({
  secret: v.optional(
    v.strictObject({
      prefix: printable(/^[!-~]*$/),
      encoding: v.picklist(['utf8', 'base64', 'hex']),
      minBytes: whole({ min: 8, max: 512 }),
      maxBytes: whole({ min: 8, max: 512 }),
    }),
  ),
  signature: v.optional(
    v.union([
      v.strictObject({ form: v.literal('single'), header: headerName, encoding, prefix: printable(/^[!-+\--~]*$/) }),
      v.strictObject({
        form: v.literal('tagged'),
        header: headerName,
        encoding,
        entrySeparator: v.picklist([' ', ',', ';']),
        tagSeparator: v.picklist([',', '=', ':']),
        tag,
      }),
    ]),
  ),
  signedContent: v.optional(
    v.pipe(
      v.array(
        v.union([
          v.strictObject({ part: v.picklist(['id', 'timestamp', 'body', 'url', 'method']) }),
          v.strictObject({ part: v.literal('text'), text: printable(/^[ -~]+$/) }),
        ]),
      ),
      v.minLength(1),
      v.maxLength(12),
    ),
  ),
  timestamp: v.optional(
    v.union([
      v.strictObject({ source: v.literal('header'), header: headerName, unit }),
      v.strictObject({ source: v.literal('signature'), tag, unit }),
    ]),
  ),
  messageId: v.optional(
    v.union([
      v.strictObject({ source: v.literal('header'), header: headerName }),
      v.strictObject({ source: v.literal('body'), pointer }),
      v.strictObject({ source: v.literal('signed-content') }),
    ]),
  ),
  replay: v.optional(
    v.union([
      v.strictObject({
        policy: v.literal('window'),
        toleranceSeconds: whole({ min: 0, max: ingestBounds.toleranceMaxSeconds }),
      }),
      v.strictObject({ policy: v.literal('claims') }),
    ]),
  ),
  claims: v.optional(
    v.strictObject({
      retentionSeconds: whole({ min: 1, max: 90 * 86_400 }),
      repeatedContent: v.picklist(['accept', 'quarantine', 'refuse']),
    }),
  ),
});

/**
 * What a sender covers that signs by RFC 9421, and what makes its message the same when it comes again. The package of webhooks
 * has the last word (`configureHttpSignatures`): the digest of the body is always among what must be covered.
 */
const httpSignaturesShape = v.strictObject({
  requiredComponents: v.optional(
    v.pipe(
      v.array(v.pipe(v.string(), v.regex(/^@?[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'must be a component in lower case'))),
      v.maxLength(ingestBounds.signedComponents),
      v.check(
        (names) => names.includes('@target-uri') || names.includes('@path'),
        'must have @target-uri or @path, or a message could be sent on to another source',
      ),
    ),
  ),
  messageId: v.optional(
    v.union([
      v.strictObject({ source: v.literal('nonce') }),
      v.strictObject({ source: v.literal('header'), header: headerName }),
      v.strictObject({ source: v.literal('body'), pointer }),
    ]),
  ),
  label: v.optional(v.pipe(v.string(), v.regex(/^[a-z*][a-z0-9_.*-]{0,63}$/, 'must be a key of a dictionary'))),
  tag: v.optional(v.pipe(v.string(), v.maxLength(255), v.regex(/^[!#-[\]-~]+$/, 'must be visible ASCII'))),
});

const bodyBytes = whole({ min: ingestBounds.bodyBytesMin, max: limits.ingestBodyBytes });
const messagesPerSecond = whole({ min: 1, max: ingestBounds.messagesPerSecondMax });
const burstMessages = whole({ min: 1, max: ingestBounds.burstMessagesMax });

/** How much of a source is taken, in each process of ingest. What is more is told to come back. */
const limitsShape = v.strictObject({
  bodyBytes: v.optional(bodyBytes),
  messagesPerSecond: v.optional(messagesPerSecond),
  burstMessages: v.optional(burstMessages),
});

/** How far a signed time may lie from now, either way. Where the sender signs none it has no effect. */
export const toleranceShape = whole({ min: 1, max: ingestBounds.toleranceMaxSeconds });

const registeredUrlShape = v.pipe(
  v.string(),
  v.maxLength(ingestBounds.urlCharacters),
  v.regex(/^https:\/\/[!-~]+$/, 'must be an https address'),
);

export const presetSettingsShape = v.strictObject({
  /**
   * Under which the sender knows the address: some sign it, and what a request says of its own address proves nothing.
   * `{address}` stands for the address that the source gets.
   */
  registeredUrl: v.optional(registeredUrlShape),
  genericHmac: v.optional(genericHmacShape),
  httpSignatures: v.optional(httpSignaturesShape),
  limits: v.optional(limitsShape),
});
export type PresetSettings = v.InferOutput<typeof presetSettingsShape>;

/** Limits to change. What is not named stays; null: what holds for every source that says nothing of it. */
export const limitChangesShape = v.strictObject({
  bodyBytes: v.optional(v.nullable(bodyBytes)),
  messagesPerSecond: v.optional(v.nullable(messagesPerSecond)),
  burstMessages: v.optional(v.nullable(burstMessages)),
});

/** What to change of how messages are verified. What is not named stays, what is named is replaced as a whole; null: none. */
export const verificationChangesShape = v.strictObject({
  registeredUrl: v.optional(v.nullable(registeredUrlShape)),
  genericHmac: v.optional(v.nullable(genericHmacShape)),
  httpSignatures: v.optional(v.nullable(httpSignaturesShape)),
});

/** Settings with other limits. Without any that are set it has none, as if there never had been. */
export function withLimits(
  { limits: before = {}, ...rest }: PresetSettings,
  changes: v.InferOutput<typeof limitChangesShape>,
): PresetSettings {
  const after = changed(before, changes);
  return Object.keys(after).length === 0 ? rest : { ...rest, limits: after };
}

/** Settings by which messages are verified in another way. Whether they go with the preset, `settingsProblem` says. */
export function withVerification(
  before: PresetSettings,
  changes: v.InferOutput<typeof verificationChangesShape>,
): PresetSettings {
  return changed(before, changes);
}

function changed<Settings extends object>(
  before: Settings,
  changes: { readonly [Name in keyof Settings]?: Settings[Name] | null },
): Settings {
  const named = Object.entries(changes).filter(([, value]) => value !== undefined);
  const after = Object.entries({ ...before, ...Object.fromEntries(named) }).filter(([, value]) => value !== null);
  // Every member of these shapes may be absent, and each one that is there is of its type.
  return Object.fromEntries(after) as Settings;
}

/** Why these settings do not go with the preset; null when they do. */
export function settingsProblem(preset: IngestPreset, settings: PresetSettings): string | null {
  const { genericHmac, httpSignatures, registeredUrl } = settings;
  if (genericHmac !== undefined && preset !== 'generic-hmac') return 'only generic-hmac describes its scheme itself';
  if (httpSignatures !== undefined && preset !== 'http-signatures') return 'only http-signatures names what is covered';
  const signsUrl =
    preset === 'square' ||
    preset === 'http-signatures' ||
    genericHmac?.signedContent?.some(({ part }) => part === 'url') === true;
  if (signsUrl && registeredUrl === undefined) return 'the scheme signs the address: registeredUrl is missing';
  return null;
}

/** The text in which settings are kept. */
export function settingsText(settings: PresetSettings): string {
  // Their schema is of JSON alone, which an interface does not say by itself.
  return new TextDecoder().decode(canonicalBytes(settings as JsonValue));
}

/** Settings as they are kept. Throws on anything that `settingsText` did not write. */
export function settingsFromText(text: string): PresetSettings {
  return v.parse(presetSettingsShape, JSON.parse(text));
}
