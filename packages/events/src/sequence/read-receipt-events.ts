import { idShape, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';

const receiptShape = v.object({ events: v.array(v.object({ id: idShape('event') })) });

/** The ids of a receipt's events (UUIDs), in their order, from its exact bytes; null when the bytes are no receipt. */
export function readReceiptEvents(body: Uint8Array): readonly string[] | null {
  const parsed = v.safeParse(receiptShape, parseJson(body));
  return parsed.success ? parsed.output.events.map(({ id }) => toUuid(id)) : null;
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}
