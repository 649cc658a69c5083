import type { Client } from '../governance/governed.ts';
import { dataOf, succeed } from '../governance/things.ts';

export interface Subscribed {
  readonly subscriptionId: string;
  /** `whsec_…`, which the first answer shows. */
  readonly secret: string;
}

export async function subscribe(client: Client, url: string): Promise<Subscribed> {
  const input = { url, eventTypes: ['inventory.*'], asymmetric: true };
  const answer = await client.send('webhook.create_subscription', input);
  const secret = answer.json['secret'];
  if (answer.status !== 200 || typeof secret !== 'string') throw new Error(`no subscription: ${answer.status}`);
  return { subscriptionId: String(dataOf(answer)['subscriptionId']), secret };
}

/** Lets something happen that subscribers are told of: one event for each. */
export async function makeEvents(client: Client, count: number): Promise<void> {
  for (let made = 0; made < count; made += 1) {
    await succeed(client, 'inventory.register_variant', { sku: `W-${Bun.randomUUIDv7()}`, name: 'Mug' });
  }
}
