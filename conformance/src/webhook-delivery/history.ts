import { webhookIdHeader } from '@karmanflow/webhooks';
import { type AnyQuery, createRegistry, type Registry } from '@karmanflow/commands';
import { createHash } from 'node:crypto';
import type { Check, Saboteur } from '../harness/check.ts';
import type { Client } from '../governance/governed.ts';
import { dataOf } from '../governance/things.ts';
import { isObject, type JsonObject } from '../surface/schema-fields.ts';
import { between, deliveryCheck } from './delivery-check.ts';
import type { Arrived, DeliveryTarget } from './delivery-target.ts';
import { makeEvents, subscribe } from './subscribe.ts';

const digestOf = ({ body }: Arrived): string => createHash('sha256').update(body).digest('hex');

async function deliveriesOf(client: Client, subscriptionId: string): Promise<readonly JsonObject[]> {
  const { deliveries } = dataOf(await client.read(`/v1/webhook/deliveries?subscriptionId=${subscriptionId}`));
  return Array.isArray(deliveries) ? deliveries.filter(isObject) : [];
}

async function attemptsOf(client: Client, deliveryId: string): Promise<readonly JsonObject[]> {
  const { attemptsMade } = dataOf(await client.read(`/v1/webhook/delivery?deliveryId=${deliveryId}`));
  return Array.isArray(attemptsMade) ? attemptsMade.filter(isObject) : [];
}

const events = 2;

export const history: Check<DeliveryTarget> = deliveryCheck({
  id: 'webhook-delivery.history',
  claim:
    'Every event that a subscription takes has a delivery that can be asked for, and every request that a receiver got is on record as an attempt: the digest of its body, the status of its answer, and why the next attempt was when it was.',
  mechanism:
    'a receiver in this process that fails once counts and hashes what the real worker sends; compared with what the queries of the API tell',
  cases: [
    'an event and its delivery',
    'a request and its attempt',
    'one id over all attempts',
    'why it is tried again',
  ],
  async run(target, evidence) {
    const tenant = await target.governed.createTenant('History');
    const user = await tenant.session('user');
    const path = `/history/${Bun.randomUUIDv7()}`;
    const { subscriptionId } = await subscribe(user, target.receiverAt(path, [500]));
    await makeEvents(user, events);
    const delivered = `SELECT FROM kf.webhook_deliveries WHERE subscription_id::text = $1 AND state = 'DELIVERED'`;
    await target.waitUntil('both deliveries are over', async () => {
      const rows = await target.governed.query(delivered, [subscriptionId.slice(4)]);
      return rows.length === events;
    });
    const deliveries = await deliveriesOf(user, subscriptionId);
    evidence.see('an event and its delivery', deliveries.length);
    if (deliveries.length !== events) {
      evidence.violation(`${events} events, and ${deliveries.length} deliveries that can be asked for`);
    }
    const attempts: JsonObject[] = [];
    for (const { deliveryId } of deliveries) attempts.push(...(await attemptsOf(user, String(deliveryId))));
    const arrived = target.arrivedAt(path);
    evidence.see('a request and its attempt', arrived.length);
    if (arrived.length !== attempts.length) {
      evidence.violation(`${arrived.length} requests arrived, and ${attempts.length} attempts are on record`);
    }
    for (const request of arrived) {
      const isKnown = attempts.some(({ requestDigest }) => requestDigest === digestOf(request));
      if (!isKnown) evidence.violation('a request arrived whose body no attempt is on record for');
    }
    const failed = attempts.filter(({ statusCode }) => statusCode === 500);
    evidence.see('why it is tried again', failed.length);
    for (const { nextAttemptAt, why } of failed) {
      if (typeof nextAttemptAt !== 'string' || typeof why !== 'string')
        evidence.violation('no attempt tells why it is tried again');
    }
    const ids = new Map<string, Set<string>>();
    for (const request of arrived) {
      const known = ids.get(digestOf(request)) ?? new Set();
      ids.set(digestOf(request), known.add(request.headers[webhookIdHeader] ?? ''));
    }
    evidence.see('one id over all attempts', ids.size);
    if ([...ids.values()].some(({ size }) => size !== 1))
      evidence.violation('attempts of one delivery have different ids');
  },
  saboteurs: [
    between({ name: 'attempts have ids of their own', mentions: 'different ids' }, ({ headers, body }) => ({
      headers: { ...headers, [webhookIdHeader]: `msg_${Bun.randomUUIDv7()}` },
      body,
    })),
    between({ name: 'more is sent than is on record', mentions: 'requests arrived, and 3 attempts' }, (request) => [
      request,
      request,
    ]),
    replacedQuery(
      { name: 'failed attempts are not told', mentions: '3 requests arrived, and 2 attempts' },
      { type: 'webhook.delivery', list: 'attemptsMade', keep: ({ statusCode }) => statusCode !== 500 },
    ),
    replacedQuery(
      { name: 'a delivery cannot be asked for', mentions: '2 events, and 1 deliveries' },
      { type: 'webhook.deliveries', list: 'deliveries', keep: ({ ordinal }) => ordinal !== 2 },
    ),
  ],
});

/** The API with one query that leaves out some of what it finds. */
function replacedQuery(
  text: { readonly name: string; readonly mentions: string },
  change: { readonly type: string; readonly list: string; readonly keep: (row: JsonObject) => boolean },
): Saboteur<DeliveryTarget> {
  const { type, list, keep } = change;
  const forgetful = (query: AnyQuery): AnyQuery => ({
    ...query,
    run: async (input, ctx) => {
      const answer = await query.run(input, ctx);
      if (!isObject(answer)) return answer;
      const rows = answer[list];
      return { ...answer, [list]: Array.isArray(rows) ? rows.filter((row) => isObject(row) && keep(row)) : rows };
    },
  });
  const changed = (registry: Registry): Registry =>
    createRegistry(
      registry.features.map((feature) => ({
        ...feature,
        queries: feature.queries.map((query) => (query.type === type ? forgetful(query) : query)),
      })),
    );
  return { ...text, apply: async ({ governed }) => governed.recompose({ registry: changed }) };
}
