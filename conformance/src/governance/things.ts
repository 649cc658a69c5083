import { createHash } from 'node:crypto';
import { isObject, type JsonObject } from '../surface/schema-fields.ts';
import type { Client, Governed, GovernedAnswer, GovernedTenant, PlaceName } from './governed.ts';

/** Ids of things that exist somewhere, by the prefix of the id. */
export type Things = ReadonlyMap<string, string>;

export function dataOf({ json }: GovernedAnswer): JsonObject {
  return isObject(json['data']) ? json['data'] : {};
}

/** The body of the receipt that came with an answer; empty where none did. */
export function receiptOf({ json }: GovernedAnswer): JsonObject {
  const document = isObject(json['receipt']) ? json['receipt'] : {};
  return isObject(document['receipt']) ? document['receipt'] : {};
}

/** Sends what must succeed. Throws when it does not: the check that needs it can then say nothing. */
export async function succeed(client: Client, type: string, input: unknown): Promise<JsonObject> {
  const answer = await client.send(type, input);
  if (answer.status !== 200) throw new Error(`${client.who}, ${type}: ${answer.status} ${answer.text.slice(0, 200)}`);
  return dataOf(answer);
}

/** Sends what must pause, and answers the id of its approval. */
export async function propose(client: Client, type: string, input: unknown): Promise<string> {
  const answer = await client.send(type, input);
  if (answer.status !== 202) throw new Error(`${client.who}, ${type}: ${answer.status} ${answer.text.slice(0, 200)}`);
  return String(dataOf(answer)['approvalId']);
}

export interface Approving {
  readonly proposer: Client;
  readonly approver: Client;
  /** Commands that concern the tenant as a whole wait in its control environment. */
  readonly level?: 'environment' | 'tenant';
}

/** Proposes and approves. Answers what the command answered. */
export async function runApproved(
  { proposer, approver, level = 'environment' }: Approving,
  type: string,
  input: unknown,
): Promise<JsonObject> {
  const approvalId = await propose(proposer, type, input);
  const { status, result, failure } = await succeed(approver, 'approval.approve', { approvalId, level });
  if (status !== 'EXECUTED') throw new Error(`${type}: ${String(status)} ${String(failure)}`);
  return isObject(result) ? result : {};
}

/** Text that stands in the name of everything made here, so that it can be found where it does not belong. */
export function secretNameOf(tenant: GovernedTenant, place: PlaceName): string {
  return `Hidden ${tenant.name} ${place}`;
}

async function reserve(client: Client, level: JsonObject): Promise<string> {
  const made = await succeed(client, 'reservation.create', {
    lines: [{ ...level, quantity: 1 }],
    reference: `order-${Bun.randomUUIDv7()}`,
  });
  return String(made['reservationId']);
}

/** A webhook that could not be processed, kept as the process that receives them keeps it. */
export function holdMessage(tenant: GovernedTenant, place: PlaceName, values: JsonObject = {}): Promise<JsonObject> {
  const key = (): string => createHash('sha256').update(Bun.randomUUIDv7()).digest('hex');
  return tenant.internally(
    'ingest.quarantine_message',
    {
      ingestSourceId: tenant.sources[place],
      messageKey: key(),
      contentKey: key(),
      bodyKey: key(),
      messageId: `msg_${Bun.randomUUIDv7()}`,
      subject: null,
      reason: 'mapping_missing',
      storedBytes: 1,
      ...values,
    },
    place,
  );
}

/** A subscription with a recovery, and a delivery as whoever delivers would have left it. */
async function subscribe(
  governed: Governed,
  tenant: GovernedTenant,
  place: PlaceName,
): Promise<Readonly<Record<'whs' | 'whr' | 'whd', unknown>>> {
  const user = await tenant.session('user', place);
  const { subscriptionId } = await succeed(user, 'webhook.create_subscription', {
    url: 'https://hooks.acme.example/in',
    eventTypes: ['inventory.*'],
    asymmetric: true,
  });
  const { recoveryId } = await succeed(user, 'webhook.recover', {
    subscriptionId,
    fromSeq: 1,
    toSeq: 1,
    expectedCount: 1,
  });
  const deliveryId = Bun.randomUUIDv7();
  const scope = [tenant.tenantId, tenant.environments[place], String(subscriptionId)].map((id) => id.slice(4));
  await governed.query(
    `INSERT INTO kf.webhook_cursors (tenant_id, environment_id, subscription_id, roster_version, generation, health_epoch,
       admitted_seq, next_ordinal, follows, health, health_since) VALUES ($1, $2, $3, 1, 1, 1, 1, 2, true, 'HEALTHY', now())`,
    scope,
  );
  await governed.query(
    `INSERT INTO kf.webhook_deliveries (tenant_id, environment_id, id, subscription_id, origin_id, generation, seq, event_id,
       event_written_in, event_type, entity_type, entity_id, ordinal, order_keys, predecessors, is_probe, lane, state, attempts,
       charged_attempts, admitted_at)
     VALUES ($1, $2, $4, $3, $3, 1, 1, gen_random_uuid(), '1', 'inventory.variant.registered', 'variant', $5, 1, '{}', '{}', false,
       'FIRST', 'WAITING', 0, 0, now())`,
    [...scope, deliveryId, secretNameOf(tenant, place)],
  );
  return { whs: subscriptionId, whr: recoveryId, whd: `whd_${deliveryId}` };
}

/** One thing of each kind that commands and queries name, in an environment of a tenant. */
export async function furnish(governed: Governed, tenant: GovernedTenant, place: PlaceName): Promise<Things> {
  const user = await tenant.session('user', place);
  const ada = await tenant.session('ada', place);
  const name = secretNameOf(tenant, place);
  const { variantId } = await succeed(user, 'inventory.register_variant', { sku: `S-${Bun.randomUUIDv7()}`, name });
  const { locationId } = await succeed(user, 'inventory.register_location', { code: `L-${Bun.randomUUIDv7()}`, name });
  const { salesChannelId } = await succeed(user, 'inventory.register_channel', {
    code: `C-${Bun.randomUUIDv7()}`,
    name,
    locations: [{ locationId, bufferQuantity: 0 }],
  });
  const level = { variantId, locationId };
  await succeed(user, 'inventory.adjust', { ...level, delta: 10_000, reason: 'received' });
  const reservationId = await reserve(user, level);
  const committed = await reserve(user, level);
  await succeed(user, 'reservation.commit', { reservationId: committed });
  const { allocations } = await succeed(user, 'allocation.create', { reservationId: committed });
  const [allocation]: readonly unknown[] = Array.isArray(allocations) ? allocations : [];
  // Where a saboteur has taken the waiting away, there is no request to name.
  const asked = await user.send('reservation.cancel', { reservationId: await reserve(user, level) });
  const approvalId = dataOf(asked)['approvalId'];
  const { massCancelId } = await runApproved({ proposer: user, approver: ada }, 'reservation.mass_cancel', {
    referencePrefix: 'nothing-has-this',
    createdBefore: '2026-01-31T12:00:00.000Z',
    expectedCount: 1,
  });
  const spare = await tenant.session('spare', place);
  const shown = dataOf(await spare.read('/v1/session'));
  const binding = isObject(shown['binding']) ? shown['binding'] : {};
  const grants = dataOf(await user.read(`/v1/access/role_grants?principalId=${tenant.principals.spare}`))['roleGrants'];
  const [grant]: readonly unknown[] = Array.isArray(grants) ? grants : [];
  const keys = dataOf(await user.read(`/v1/access/api_keys?principalId=${tenant.principals.spare}`))['apiKeys'];
  const [apiKey]: readonly unknown[] = Array.isArray(keys) ? keys : [];
  const { quarantinedMessageId } = await holdMessage(tenant, place);
  const webhooks = await subscribe(governed, tenant, place);
  const [receipt] = await governed.query(
    'SELECT id FROM kf.command_receipts WHERE tenant_id = $1 AND environment_id = $2 ORDER BY id LIMIT 1',
    [tenant.tenantId.slice(4), tenant.environments[place].slice(4)],
  );
  return new Map(
    Object.entries({
      tnt: tenant.tenantId,
      env: tenant.environments[place],
      prn: tenant.principals.spare,
      var: variantId,
      loc: locationId,
      chn: salesChannelId,
      rsv: reservationId,
      ...(approvalId === undefined ? {} : { apr: approvalId }),
      mcl: massCancelId,
      src: tenant.sources[place],
      qtn: quarantinedMessageId,
      ...webhooks,
      alc: isObject(allocation) ? allocation['allocationId'] : undefined,
      ses: binding['sessionId'],
      grt: isObject(grant) ? grant['roleGrantId'] : undefined,
      key: isObject(apiKey) ? apiKey['apiKeyId'] : undefined,
      rcp: receipt === undefined ? undefined : `rcp_${String(receipt['id'])}`,
    }).map(([prefix, id]) => {
      if (typeof id !== 'string' || !id.startsWith(`${prefix}_`)) throw new Error(`no ${prefix}_ was made in ${name}`);
      return [prefix, id];
    }),
  );
}
