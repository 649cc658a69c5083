import { createHmac } from 'node:crypto';
import { signWebhook } from '@karmanflow/webhooks';
import type { IngestAnswer, IngestTarget, Partner, PartnerSource, Sent } from './ingest-target.ts';

/** What a sender says; everything else follows from its source. */
export interface Said {
  readonly messageId: string;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Seconds to add to now. */
  readonly shiftSeconds?: number;
  /** Of a sender that tells the type of its message in a header that it does not sign. */
  readonly topic?: string;
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** The request as the sender of a source signs it. */
export function signedBy(source: PartnerSource, said: Said): Sent {
  const { messageId, body, shiftSeconds = 0, topic = 'orders/create' } = said;
  const { path, secret } = source;
  if (source.preset === 'shopify') {
    const signature = createHmac('sha256', secret).update(body).digest('base64');
    return {
      path,
      headers: { 'x-shopify-event-id': messageId, 'x-shopify-topic': topic, 'x-shopify-hmac-sha256': signature },
      body,
    };
  }
  const timestampSeconds = nowSeconds() + shiftSeconds;
  return { path, headers: { ...signWebhook({ secret, messageId, timestampSeconds, body }) }, body };
}

/** The id under which a request comes, in the header of its sender. */
export function messageIdOf({ headers }: Sent): string {
  return headers['webhook-id'] ?? headers['x-shopify-event-id'] ?? 'none';
}

/** An order in the form of the source's sender. */
export function orderFor(source: PartnerSource, order: { readonly id: string; readonly sku?: string }): Said['body'] {
  const sku = order.sku ?? 'MUG-1';
  const document =
    source.preset === 'shopify'
      ? { admin_graphql_api_id: order.id, line_items: [{ sku, quantity: 1, requires_shipping: true }] }
      : {
          type: 'order.created',
          timestamp: '2026-01-01T00:00:00Z',
          data: { orderId: order.id, salesChannel: 'WEB', lines: [{ sku, location: 'BER-1', quantity: 1 }] },
        };
  return new TextEncoder().encode(JSON.stringify(document));
}

/** That an order is cancelled, as a sender of `shopify` says it. */
export function cancellationOf(id: string): Said['body'] {
  const document = { admin_graphql_api_id: id, cancelled_at: '2026-01-01T00:00:00Z' };
  return new TextEncoder().encode(JSON.stringify(document));
}

/** Sends an order, signed by the sender of the source. */
export function sendOrder(
  target: IngestTarget,
  source: PartnerSource,
  order: { readonly id: string; readonly messageId?: string; readonly sku?: string; readonly shiftSeconds?: number },
): Promise<IngestAnswer> {
  const { id, messageId = id, shiftSeconds = 0 } = order;
  return target.send(signedBy(source, { messageId, shiftSeconds, body: orderFor(source, order) }));
}

/** How many reservations each order has in an environment of a partner. */
export async function reservationsOf(
  target: IngestTarget,
  { tenantId }: Pick<Partner, 'tenantId'>,
  { environmentId }: Pick<PartnerSource, 'environmentId'>,
): Promise<ReadonlyMap<string, number>> {
  const rows = await target.query(
    'select reference, count(*) as n from kf.reservations where tenant_id = $1 and environment_id = $2 group by reference',
    [tenantId.slice(4), environmentId.slice(4)],
  );
  return new Map(rows.map(({ reference, n }) => [String(reference), Number(n)]));
}

/** What tells an answer from another: its status and its body. */
export function wordOf({ status, text }: IngestAnswer): string {
  return `${status} ${text.slice(0, 200)}`;
}
