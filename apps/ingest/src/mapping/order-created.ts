import { codeShape, limits, quantityShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { ingestLimits } from '../ingest-limits.ts';
import { defineMapping, type Mapping } from './mapping.ts';

/** RFC 3339 section 5.6, with any offset. Kept to its form: nothing is decided on it. */
const rfc3339 = v.pipe(
  v.string(),
  v.maxLength(ingestLimits.timestampCharacters),
  v.regex(
    /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/,
    'must be an RFC 3339 time',
  ),
);

/** Strict on purpose: a field that is not understood would be an instruction that is silently lost. */
const shape = v.strictObject({
  type: v.literal('order.created'),
  timestamp: rfc3339,
  data: v.strictObject({
    orderId: codeShape,
    salesChannel: codeShape,
    holdSeconds: v.optional(
      v.pipe(v.number(), v.integer('must be whole seconds'), v.minValue(1), v.maxValue(Number.MAX_SAFE_INTEGER)),
    ),
    lines: v.pipe(
      v.array(v.strictObject({ sku: codeShape, location: codeShape, quantity: quantityShape })),
      v.minLength(1, 'must have at least one line'),
      v.maxLength(limits.reservationLines, `must have at most ${limits.reservationLines} lines`),
    ),
  }),
});

/** An order of a sales channel holds its stock: `order.created` becomes `reservation.create`, with the order id as reference. */
export const orderCreated: Mapping = defineMapping({
  messageType: 'order.created',
  commandType: 'reservation.create',
  shape,
  namesOf: ({ data }) => ({
    skus: data.lines.map(({ sku }) => sku),
    locationCodes: data.lines.map(({ location }) => location),
    salesChannelCodes: [data.salesChannel],
  }),
  inputOf: ({ data }, idOf) => ({
    salesChannelId: idOf.salesChannel(data.salesChannel),
    reference: data.orderId,
    ...(data.holdSeconds === undefined ? {} : { holdSeconds: data.holdSeconds }),
    lines: data.lines.map(({ sku, location, quantity }) => ({
      variantId: idOf.variant(sku),
      locationId: idOf.location(location),
      quantity,
    })),
  }),
});
