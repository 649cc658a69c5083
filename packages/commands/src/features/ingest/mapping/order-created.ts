import { codeShape, limits, quantityShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { inputIssuesOf } from '../../../executor/parse-command.ts';
import { type MessageIds, type MessageNames, type MessageReading, missing, unprocessable } from './message-reading.ts';

const timestampCharacters = 40;

/** RFC 3339 section 5.6, with any offset. Kept to its form: nothing is decided on it. */
const rfc3339 = v.pipe(
  v.string(),
  v.maxLength(timestampCharacters),
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
type OrderCreated = v.InferOutput<typeof shape>;

const envelope = v.object({ type: v.string() });

/** Our own form of message: `order.created` becomes `reservation.create`, with the order id as reference and as subject. */
export function mapOrderCreated(value: unknown): MessageReading {
  const typed = v.safeParse(envelope, value);
  if (!typed.success) return unprocessable('type_unknown', 'the body is not an object with a type');
  if (typed.output.type !== 'order.created') {
    const issues = [{ path: 'type', message: 'must be order.created' }];
    return unprocessable('type_unknown', 'messages of this type are not processed', { issues });
  }
  const parsed = v.safeParse(shape, value, { abortPipeEarly: true });
  if (!parsed.success) {
    const issues = inputIssuesOf(parsed.issues);
    return unprocessable('shape_mismatch', 'not the shape of order.created', { issues });
  }
  const { data } = parsed.output;
  const once = (list: readonly string[]): string[] => [...new Set(list)];
  const names: MessageNames = {
    skus: once(data.lines.map(({ sku }) => sku)),
    locationCodes: once(data.lines.map(({ location }) => location)),
    salesChannelCodes: [data.salesChannel],
    subjects: [],
  };
  return {
    kind: 'read',
    names,
    toCommand: (ids) => {
      const unknown = missing(names, ids);
      if (unknown) return unprocessable('name_unknown', 'the message names what does not exist here', { unknown });
      const subject = isSubject(data.orderId) ? data.orderId : null;
      const input = inputOf(data, ids);
      return { kind: 'command', command: { commandType: 'reservation.create', input, subject, setLevel: null } };
    },
  };
}

/** An order id may have blanks, which a subject has not. */
function isSubject(orderId: string): boolean {
  return /^[!-~]+$/.test(orderId);
}

function inputOf(data: OrderCreated['data'], ids: MessageIds): unknown {
  return {
    salesChannelId: ids.salesChannels.get(data.salesChannel),
    reference: data.orderId,
    ...(data.holdSeconds === undefined ? {} : { holdSeconds: data.holdSeconds }),
    lines: data.lines.map(({ sku, location, quantity }) => ({
      variantId: ids.variants.get(sku),
      locationId: ids.locations.get(location),
      quantity,
    })),
  };
}
