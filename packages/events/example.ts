import { decodeEvent, defineEvent } from '@karmanflow/events';
import { idShape } from '@karmanflow/schema';
import * as v from 'valibot';

// A feature declares what can happen, and which entities that touches.
const variantRenamed = defineEvent({
  type: 'inventory.variant.renamed',
  version: 1,
  data: v.strictObject({ variantId: idShape('variant'), name: v.string() }),
  touches: (data) => [{ entity: 'variant', key: { id: data.variantId } }],
});

// `decide` returns drafts: what happened, without identity, time or place.
export const draft = variantRenamed.of({
  variantId: 'var_019b76da-a800-7000-8000-000000000001',
  name: 'Mug, blue',
});

// The pipeline puts the draft into an envelope and stores it as bytes. Whoever reads the bytes gets the envelope back.
const stored = new TextEncoder().encode(
  JSON.stringify({
    format: 'karmanflow.event/1',
    eventId: 'evt_019b76da-a800-7000-8000-000000000002',
    eventType: draft.type,
    eventVersion: variantRenamed.version,
    tenantId: 'tnt_019b76da-a800-7000-8000-000000000003',
    environmentId: 'env_019b76da-a800-7000-8000-000000000004',
    receiptId: 'rcp_019b76da-a800-7000-8000-000000000005',
    ordinal: 0,
    occurredAt: '2026-03-01T09:30:00.042Z',
    entities: [{ type: 'variant', id: draft.data.variantId, version: 2 }],
    correlationId: 'kfcor_019b76da-a800-7000-8000-000000000006',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    data: draft.data,
  }),
);
export const event = decodeEvent(stored);
