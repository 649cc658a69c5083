import * as v from 'valibot';
import { type Id, type IdKind, idPrefixes, isId } from './ids.ts';
import { limits } from './limits.ts';

/** Shapes that more than one feature uses. All text is bounded and free of control characters. */

/** A prefixed id of one kind, such as `rsv_018f…`. */
export function idShape<Kind extends IdKind>(kind: Kind): v.GenericSchema<string, Id<Kind>> {
  return v.pipe(
    v.string(),
    v.regex(
      new RegExp(`^${idPrefixes[kind]}_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`),
      `must be an id of the form ${idPrefixes[kind]}_<uuid>`,
    ),
    v.guard((value): value is Id<Kind> => isId(kind, value)),
  );
}

const printable = /^[^\p{Cc}\p{Cs}]*$/u;

export function textShape(options: { lengthMax: number }): v.GenericSchema<string, string> {
  return v.pipe(
    v.string(),
    v.minLength(1, 'must not be empty'),
    v.maxLength(options.lengthMax, `must have at most ${options.lengthMax} characters`),
    v.regex(printable, 'must not contain control characters'),
  );
}

/** A short code chosen by the tenant: SKU, location code, channel code, reference. */
export const codeShape: v.GenericSchema<string, string> = v.pipe(
  v.string(),
  v.maxLength(limits.codeLength, `must have at most ${limits.codeLength} characters`),
  v.regex(/^[A-Za-z0-9](?:[A-Za-z0-9 ._:/#-]*[A-Za-z0-9._:/#-])?$/, 'must be letters, digits and . _ : / # - only'),
);

export const nameShape: v.GenericSchema<string, string> = textShape({ lengthMax: limits.textLength });
export const reasonShape: v.GenericSchema<string, string> = textShape({ lengthMax: limits.reasonLength });

/** A positive count of units. */
export const quantityShape: v.GenericSchema<number, number> = v.pipe(
  v.number(),
  v.integer('must be a whole number of units'),
  v.minValue(1, 'must be at least 1'),
  v.maxValue(limits.quantityUnits, `must be at most ${limits.quantityUnits}`),
);

/** A count of units that may be zero. */
export const amountShape: v.GenericSchema<number, number> = v.pipe(
  v.number(),
  v.integer('must be a whole number of units'),
  v.minValue(0, 'must not be negative'),
  v.maxValue(limits.quantityUnits, `must be at most ${limits.quantityUnits}`),
);

/** A change of units, up or down, never zero. */
export const deltaShape: v.GenericSchema<number, number> = v.pipe(
  v.number(),
  v.integer('must be a whole number of units'),
  v.minValue(-limits.quantityUnits, `must be at least ${-limits.quantityUnits}`),
  v.maxValue(limits.quantityUnits, `must be at most ${limits.quantityUnits}`),
  v.notValue(0, 'must not be zero'),
);

/** RFC 3339 in UTC with milliseconds, the only form in which we write a time. */
export const timestampShape: v.GenericSchema<string, string> = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/, 'must be a UTC time with milliseconds'),
  v.check((text) => {
    const time = Date.parse(text);
    return !Number.isNaN(time) && new Date(time).toISOString() === text;
  }, 'must be a time that exists'),
);

export const versionShape: v.GenericSchema<number, number> = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(1),
  v.maxValue(Number.MAX_SAFE_INTEGER),
);

/** Visible ASCII, as RFC 9110 field values allow without quoting. */
export const idempotencyKeyShape: v.GenericSchema<string, string> = v.pipe(
  v.string(),
  v.maxLength(limits.idempotencyKeyLength),
  v.regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters'),
);
