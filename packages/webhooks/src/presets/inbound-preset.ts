import * as v from 'valibot';
import { inboundLimits } from './inbound-limits.ts';

const headerName = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'A header name is lower case.'));
const tag = v.pipe(v.string(), v.regex(/^[a-z][0-9a-z_]{0,15}$/, 'A tag is a short lower-case word.'));
const encoding = v.picklist(['hex', 'base64']);
const unit = v.picklist(['seconds', 'milliseconds']);

function wholeNumber(bounds: { readonly min: number; readonly max: number }) {
  return v.pipe(v.number(), v.integer(), v.minValue(bounds.min), v.maxValue(bounds.max));
}

function printable(pattern: RegExp) {
  return v.pipe(v.string(), v.maxLength(inboundLimits.textMaxCharacters), v.regex(pattern));
}

/** How the signature header is read. Of a tagged list the entries with `tag` count; other tags are skipped. */
const signatureShape = v.variant('form', [
  v.strictObject({ form: v.literal('single'), header: headerName, encoding, prefix: printable(/^[!-+\--~]*$/) }),
  v.strictObject({
    form: v.literal('tagged'),
    header: headerName,
    encoding,
    entrySeparator: v.picklist([' ', ',', ';']),
    tagSeparator: v.picklist([',', '=', ':']),
    tag,
  }),
]);

/** What the sender puts into the HMAC, in order. `url` and `method` come from the caller, never from a header. */
const signedPartShape = v.variant('part', [
  v.strictObject({ part: v.picklist(['id', 'timestamp', 'body', 'url', 'method']) }),
  v.strictObject({ part: v.literal('text'), text: printable(/^[ -~]+$/) }),
]);

const timestampShape = v.variant('source', [
  v.strictObject({ source: v.literal('header'), header: headerName, unit }),
  v.strictObject({ source: v.literal('signature'), tag, unit }),
]);

/** `signed-content` is for a provider that sends no id: the digest of what was signed stands in for it. */
const messageIdShape = v.variant('source', [
  v.strictObject({ source: v.literal('header'), header: headerName }),
  v.strictObject({
    source: v.literal('body'),
    pointer: v.pipe(v.string(), v.maxLength(inboundLimits.pointerMaxCharacters), v.regex(/^(?:\/(?:[^~/]|~[01])*)+$/)),
  }),
  v.strictObject({ source: v.literal('signed-content') }),
]);

const replayShape = v.variant('policy', [
  v.strictObject({
    policy: v.literal('window'),
    toleranceSeconds: wholeNumber({ min: 0, max: inboundLimits.toleranceMaxSeconds }),
  }),
  v.strictObject({ policy: v.literal('claims') }),
]);

const secretBytes = wholeNumber({ min: inboundLimits.secretMinBytes, max: inboundLimits.secretMaxBytes });

/** A preset as data: everything that differs from one provider to the next. `parseInboundPreset` adds the rules. */
export const inboundPresetShape = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,63}$/)),
  /** The algorithm is the preset's, never the request's. SHA-1 is no choice. */
  algorithm: v.literal('hmac-sha256'),
  /** `prefix` is cut off before decoding. `utf8` takes the text's own bytes as the key. */
  secret: v.strictObject({
    prefix: printable(/^[!-~]*$/),
    encoding: v.picklist(['utf8', 'base64', 'hex']),
    minBytes: secretBytes,
    maxBytes: secretBytes,
  }),
  signature: signatureShape,
  signedContent: v.pipe(v.array(signedPartShape), v.minLength(1), v.maxLength(inboundLimits.signedPartsMax)),
  timestamp: v.exactOptional(timestampShape),
  messageId: messageIdShape,
  /** `claims`: the provider signs no time, so only the claims on id and content stop a replay. */
  replay: replayShape,
  claims: v.strictObject({
    retentionSeconds: wholeNumber({ min: 1, max: inboundLimits.retentionMaxSeconds }),
    /** What to do with signed content that was seen before under another id. */
    repeatedContent: v.picklist(['accept', 'quarantine', 'refuse']),
  }),
  body: v.strictObject({
    mayBeEmpty: v.boolean(),
    maxBytes: wholeNumber({ min: 1, max: inboundLimits.bodyMaxBytes }),
  }),
  delivery: v.strictObject({
    /** Within this time the provider wants its answer. */
    deadlineSeconds: wholeNumber({ min: 1, max: inboundLimits.deadlineMaxSeconds }),
    /** How long after the first attempt another can still come. */
    retryHorizonSeconds: wholeNumber({ min: 0, max: inboundLimits.retryHorizonMaxSeconds }),
  }),
});

type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

/** A description that was parsed, or one of ours. The engine takes it as coherent. */
export type InboundPreset = DeepReadonly<v.InferOutput<typeof inboundPresetShape>>;
export type SignedPart = InboundPreset['signedContent'][number];
