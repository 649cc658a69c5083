import {
  generateWebhookSecret,
  signWebhook,
  verifyWebhook,
  verifyWebhookByKey,
  webhookIdHeader,
  webhookSignatureHeader,
} from '@karmanflow/webhooks';
import { randomBytes } from 'node:crypto';
import type { Check } from '../harness/check.ts';
import type { Evidence } from '../harness/evidence.ts';
import { isObject, type JsonObject } from '../surface/schema-fields.ts';
import { between, deliveryCheck } from './delivery-check.ts';
import type { Arrived, DeliveryTarget } from './delivery-target.ts';
import { makeEvents, subscribe } from './subscribe.ts';

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

function isSignedBy({ headers, body }: Arrived, secret: string): boolean {
  return verifyWebhook({ headers: Object.entries(headers), body, secrets: [secret], nowSeconds: nowSeconds() }).ok;
}

interface Expected {
  readonly secrets: readonly string[];
  /** Another subscription's, which must not verify anything here. */
  readonly foreignSecret: string;
  readonly publicKeys: readonly string[];
  readonly ordinal: number;
}

async function judge(
  { governed }: DeliveryTarget,
  evidence: Evidence,
  { request, due }: { readonly request: Arrived; readonly due: Expected },
): Promise<void> {
  const { headers, body } = request;
  const where = `delivery ${due.ordinal}`;
  for (const [at, secret] of due.secrets.entries()) {
    evidence.see(at === 0 ? 'the secret of the subscription' : 'every live secret');
    if (!isSignedBy(request, secret)) evidence.violation(`${where}: live secret ${at} does not verify it`);
  }
  evidence.see('no other secret');
  if (isSignedBy(request, due.foreignSecret))
    evidence.violation(`${where}: the secret of another subscription verifies it`);
  evidence.see('the published keys');
  const publicKeys = due.publicKeys;
  const byKey = verifyWebhookByKey({ headers: Object.entries(headers), body, publicKeys, nowSeconds: nowSeconds() });
  if (!byKey.ok) evidence.violation(`${where}: no published key verifies it: ${byKey.code}`);
  const text = Buffer.from(body).toString('utf8');
  const { data, sequence } = partsOf(text);
  evidence.see('the sequence inside');
  if (sequence['ordinal'] !== due.ordinal) {
    evidence.violation(`${where}: the signed sequence says ${String(sequence['ordinal'])}`);
  }
  evidence.see('the stored event inside');
  const [stored] = await governed.query(
    "SELECT convert_from(body, 'UTF8') AS text FROM kf.domain_events WHERE id::text = $1",
    [String(data['eventId']).slice(4)],
  );
  const event = stored?.['text'];
  if (typeof event !== 'string' || !text.includes(event)) evidence.violation(`${where}: not the event as it is stored`);
}

function partsOf(text: string): { readonly data: JsonObject; readonly sequence: JsonObject } {
  try {
    const { data, sequence } = JSON.parse(text) as JsonObject;
    return { data: isObject(data) ? data : {}, sequence: isObject(sequence) ? sequence : {} };
  } catch {
    return { data: {}, sequence: {} };
  }
}

export const signed: Check<DeliveryTarget> = deliveryCheck({
  id: 'webhook-delivery.signed',
  claim:
    'Every delivery is signed, over its exact bytes, by every live secret of its subscription and no other one, and by the key that is published for it; inside stand the stored event and its number without a gap.',
  mechanism:
    'a receiver in this process verifies what the real worker sends, with the secrets that the API showed and the keys that it publishes, before and after a rotation',
  cases: [
    'the secret of the subscription',
    'every live secret',
    'no other secret',
    'the published keys',
    'the sequence inside',
    'the stored event inside',
  ],
  async run(target, evidence) {
    const tenant = await target.governed.createTenant('Signed');
    const user = await tenant.session('user');
    const path = `/signed/${Bun.randomUUIDv7()}`;
    const { subscriptionId, secret } = await subscribe(user, target.receiverAt(path));
    const other = await subscribe(user, target.receiverAt(`/other/${Bun.randomUUIDv7()}`));
    await makeEvents(user, 2);
    await target.waitForArrivals(path, 2);
    const rotated = await user.send('webhook.rotate_secret', { subscriptionId });
    const newSecret = String(rotated.json['secret']);
    // The worker learns of it by the roster, a moment later.
    await target.waitUntil('the worker knows of the rotation', async () => {
      const known = await target.governed.query(
        `SELECT FROM kf.webhook_roster r JOIN kf.webhook_cursors c USING (tenant_id, environment_id, subscription_id)
         WHERE subscription_id::text = $1 AND c.roster_version = r.version`,
        [subscriptionId.slice(4)],
      );
      return known.length === 1;
    });
    await makeEvents(user, 2);
    await target.waitForArrivals(path, 4);
    const query = new URLSearchParams({
      tenantId: tenant.tenantId,
      environmentId: tenant.environments.sandbox,
      subscriptionId,
    });
    const published = await user.read(`/.well-known/karmanflow/webhook-keys.json?${query.toString()}`);
    const keys = Array.isArray(published.json['keys']) ? published.json['keys'] : [];
    const publicKeys = keys.map((key) => (isObject(key) ? String(key['publicKey']) : ''));
    // They may arrive in another order, since each is about something else.
    const byNumber = [...target.arrivedAt(path)].toSorted((one, two) => ordinalOf(one) - ordinalOf(two));
    for (const [at, request] of byNumber.entries()) {
      const secrets = at < 2 ? [secret] : [newSecret, secret];
      const due = { secrets, foreignSecret: other.secret, publicKeys, ordinal: at + 1 };
      await judge(target, evidence, { request, due });
    }
  },
  saboteurs: [
    between(
      { name: 'the signature is left out', mentions: 'live secret 0 does not verify it' },
      ({ headers: { [webhookSignatureHeader]: _left, ...headers }, body }) => ({ headers, body }),
    ),
    between(
      { name: 'the body is written anew', mentions: 'live secret 0 does not verify it' },
      ({ headers, body }) => ({
        headers,
        body: Buffer.from(JSON.stringify(JSON.parse(Buffer.from(body).toString('utf8')), null, 1)),
      }),
    ),
    between({ name: 'it is signed with another secret', mentions: 'live secret 0 does not verify it' }, (request) => ({
      ...request,
      headers: {
        ...request.headers,
        ...signWebhook({
          messageId: request.headers[webhookIdHeader] ?? '',
          timestampSeconds: nowSeconds(),
          body: request.body,
          secret: generateWebhookSecret(randomBytes),
        }),
      },
    })),
    between({ name: 'keys are published that sign nothing', mentions: 'no published key verifies it' }, (request) =>
      withSignatures(request, (list) => list.filter((entry) => !entry.startsWith('v1a,'))),
    ),
    between(
      { name: 'the old secret ends with the rotation', mentions: 'live secret 1 does not verify it' },
      (request) =>
        withSignatures(request, (list) => [
          ...list.filter((entry) => entry.startsWith('v1,')).slice(0, 1),
          ...list.filter((entry) => entry.startsWith('v1a,')),
        ]),
    ),
    between(
      { name: 'the number inside is another one', mentions: 'the signed sequence says' },
      ({ headers, body }) => ({
        headers,
        body: Buffer.from(
          Buffer.from(body)
            .toString('utf8')
            .replace(/"sequence":\{"generation":\d+,"ordinal":/, (found) => `${found}1`),
        ),
      }),
    ),
  ],
});

function ordinalOf({ body }: Arrived): number {
  return Number(partsOf(Buffer.from(body).toString('utf8')).sequence['ordinal']);
}

function withSignatures(
  { headers, body }: Arrived,
  change: (entries: readonly string[]) => readonly string[],
): Arrived {
  const entries = (headers[webhookSignatureHeader] ?? '').split(' ');
  return { headers: { ...headers, [webhookSignatureHeader]: change(entries).join(' ') }, body };
}
