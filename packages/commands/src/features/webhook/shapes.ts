import { limits, tables, textShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { webhookBounds } from './webhook-bounds.ts';

const { columns } = tables.webhook_subscriptions;

export const orderings = columns.ordering.values;
export type Ordering = (typeof orderings)[number];
export const subscriptionStates = columns.state.values;
export type SubscriptionState = (typeof subscriptionStates)[number];
export const startModes = columns.start_mode.values;
export type StartMode = (typeof startModes)[number];
export const healthStates = columns.health.values;
export type HealthState = (typeof healthStates)[number];
export const recoveryStatuses = tables.webhook_recoveries.columns.status.values;
export type RecoveryStatus = (typeof recoveryStatuses)[number];
export const recoveryKinds = tables.webhook_recoveries.columns.kind.values;
export type RecoveryKind = (typeof recoveryKinds)[number];

export const whole = (range: { min: number; max: number }): v.GenericSchema<number, number> =>
  v.pipe(
    v.number(),
    v.integer('must be a whole number'),
    v.minValue(range.min, `must be at least ${range.min}`),
    v.maxValue(range.max, `must be at most ${range.max}`),
  );

const loopback = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/?]|$)/;

/** A position in the stream, from 1. */
export const positionShape: v.GenericSchema<number, number> = whole({ min: 1, max: Number.MAX_SAFE_INTEGER });

/**
 * Where deliveries go: https, or http on this very machine for development. Whether a host is public, which only its
 * addresses tell, and whether local ones are allowed at all, the deliverer decides at each attempt.
 */
export const urlShape: v.GenericSchema<string, string> = v.pipe(
  v.string(),
  v.maxLength(webhookBounds.urlCharacters, `must have at most ${webhookBounds.urlCharacters} characters`),
  v.regex(
    /^https?:\/\/[A-Za-z0-9.[\]:-]+(?:[/?][!"$-[\]-~]*)?$/,
    'must be an https address of visible ASCII characters, without user, fragment and backslash',
  ),
  v.check(
    (text) => !text.startsWith('http:') || loopback.test(text),
    'must begin with https://: only this very machine is reached without',
  ),
  v.check((text) => URL.canParse(text), 'must be an address'),
  v.examples(['https://hooks.acme.example/karmanflow']),
);

/** An exact type, all that begin with the words before `.*`, or everything. */
export const eventTypePattern: v.GenericSchema<string, string> = v.pipe(
  v.string(),
  v.maxLength(webhookBounds.eventTypeCharacters),
  v.regex(
    /^(?:\*|[a-z][a-z0-9_]{0,63}(?:\.[a-z][a-z0-9_]{0,63}){0,3}(?:\.\*)?)$/,
    'must be an event type, the beginning of some followed by .*, or *',
  ),
);

export const eventTypesShape: v.GenericSchema<string[], string[]> = v.pipe(
  v.array(eventTypePattern),
  v.minLength(1, 'must name at least one event type'),
  v.maxLength(webhookBounds.eventTypes, `must name at most ${webhookBounds.eventTypes} event types`),
  v.check((types) => new Set(types).size === types.length, 'must name each event type once'),
  v.examples([['inventory.*']]),
);

/** Whether one of the patterns takes events of this type. */
export function takesEventType(patterns: readonly string[], eventType: string): boolean {
  return patterns.some(
    (pattern) =>
      pattern === '*' ||
      pattern === eventType ||
      (pattern.endsWith('.*') && eventType.startsWith(pattern.slice(0, -1))),
  );
}

/** Written by the deliverer, or about the connection. */
const ownHeaders =
  /^(?:host|connection|content-.*|transfer-encoding|te|trailer|upgrade|expect|keep-alive|accept-encoding|date|via|proxy-.*|sec-.*|webhook-.*|karmanflow-.*|svix-.*|traceparent|tracestate|user-agent|set-cookie.*)$/;
/** Its value would stand in the database, in events and on receipts, where no secret may be. */
const secretHeaders = /auth|cookie|token|secret|key|password|credential|signature|session/;

const headerName = v.pipe(
  v.string(),
  v.maxLength(webhookBounds.headerNameCharacters),
  v.regex(/^[a-z][a-z0-9-]*$/, 'must be a header name in lower case'),
  v.check((name) => !ownHeaders.test(name), 'must not be a header that the delivery writes itself'),
  v.check((name) => !secretHeaders.test(name), 'must not be a header that carries a secret: none is kept here'),
);
const headerValue = v.pipe(
  v.string(),
  v.maxLength(webhookBounds.headerValueCharacters),
  v.regex(/^[!-~](?:[ -~]*[!-~])?$/, 'must be visible ASCII characters'),
);

export const headersShape: v.GenericSchema<Record<string, string>, Record<string, string>> = v.pipe(
  v.record(headerName, headerValue),
  v.check(
    (headers) => Object.keys(headers).length <= webhookBounds.headers,
    `must be at most ${webhookBounds.headers} headers`,
  ),
  v.examples([{ 'x-environment': 'sandbox' }]),
);

export const descriptionShape: v.GenericSchema<string, string> = textShape({ lengthMax: limits.textLength });

/** The same, or nothing. */
export const noteShape: v.GenericSchema<string, string> = v.pipe(
  v.string(),
  v.maxLength(limits.textLength, `must have at most ${limits.textLength} characters`),
  v.regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters'),
);

/** What a person decides about a subscription, besides whether it delivers. */
export const settingsShape = {
  url: urlShape,
  description: v.nullable(descriptionShape),
  eventTypes: eventTypesShape,
  ordering: v.picklist(orderings),
  headers: headersShape,
  ratePerSecond: whole({ min: 1, max: webhookBounds.ratePerSecondMax }),
  maxInFlight: whole({ min: 1, max: webhookBounds.inFlightMax }),
  /** Whether v1a signatures (Ed25519) are sent besides v1. */
  asymmetric: v.boolean(),
};

const settingsObject = v.strictObject(settingsShape);
export type SubscriptionSettings = v.InferOutput<typeof settingsObject>;

/** Visible, one word: what the health machine and the deliverer call things. */
export const wordShape = (lengthMax: number): v.GenericSchema<string, string> =>
  v.pipe(v.string(), v.maxLength(lengthMax), v.regex(/^[!-~]+$/, 'must be visible ASCII characters'));
