import { signWebhook } from '@karmanflow/webhooks';
import { shellCommand } from './shell-text.ts';

/** What a partner's shop says about an order: see `apps/ingest` for the messages that are understood. */
export interface OrderMessage {
  readonly orderId: string;
  readonly salesChannel: string;
  readonly lines: readonly { readonly sku: string; readonly location: string; readonly quantity: number }[];
}

/** A signed request, ready to be sent as it is. */
export interface SignedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The exact text that was signed. */
  readonly body: string;
}

/** Signs a new order by Standard Webhooks, as the partner would. Throws on a malformed secret or message id. */
export function signOrderMessage(options: {
  readonly order: OrderMessage;
  /** `http://<host>:<port>` of ingest. */
  readonly ingestUrl: string;
  readonly address: string;
  readonly secret: string;
  readonly messageId: string;
  readonly now: Date;
}): SignedRequest {
  const { order, now, messageId, secret } = options;
  const body = JSON.stringify({ type: 'order.created', timestamp: now.toISOString(), data: order });
  const timestampSeconds = Math.floor(now.getTime() / 1000);
  const signature = signWebhook({ messageId, timestampSeconds, body: new TextEncoder().encode(body), secret });
  return {
    url: `${options.ingestUrl}/v1/ingest/${options.address}`,
    headers: { 'content-type': 'application/json', ...signature },
    body,
  };
}

/** The same request as a curl command. It is accepted for five minutes, because the time is signed with it. */
export function curlCommand(request: SignedRequest): string {
  const headers = Object.entries(request.headers).map(([name, value]) => ['-H', `${name}: ${value}`]);
  return shellCommand([['curl', '-sS', '-w', '\\n', request.url], ...headers, ['--data-raw', request.body]]);
}
