import type { Client, Governed, GovernedAnswer, GovernedTenant, PlaceName } from '../governance/governed.ts';
import { dataOf, succeed } from '../governance/things.ts';
import { isObject, type JsonObject } from '../surface/schema-fields.ts';

/** Stock to reserve, in one environment of a tenant. */
export interface Stock {
  readonly tenant: GovernedTenant;
  readonly variantId: unknown;
  readonly locationId: unknown;
}

export async function stockOf(tenant: GovernedTenant, place: PlaceName = 'sandbox'): Promise<Stock> {
  const user = tenant.key('user', place);
  const name = 'Mug';
  const { variantId } = await succeed(user, 'inventory.register_variant', { sku: `S-${Bun.randomUUIDv7()}`, name });
  const { locationId } = await succeed(user, 'inventory.register_location', { code: `L-${Bun.randomUUIDv7()}`, name });
  await succeed(user, 'inventory.adjust', { variantId, locationId, delta: 10_000, reason: 'received' });
  return { tenant, variantId, locationId };
}

/** A request to cancel a reservation, which waits: with whatever its requester needs to ask for it again. */
export interface Request {
  readonly approvalId: string;
  readonly reservationId: string;
  readonly idempotencyKey: string;
  readonly requester: Client;
  readonly answer: GovernedAnswer;
}

/** Somebody asks to cancel a reservation of theirs. What came of it is in `answer`: the check says whether it waits. */
export async function requestOf(requester: Client, { tenant, variantId, locationId }: Stock): Promise<Request> {
  const made = await succeed(tenant.key('user'), 'reservation.create', {
    lines: [{ variantId, locationId, quantity: 1 }],
  });
  const reservationId = String(made['reservationId']);
  const idempotencyKey = Bun.randomUUIDv7();
  const answer = await requester.send('reservation.cancel', { reservationId }, { idempotencyKey });
  return { approvalId: String(dataOf(answer)['approvalId']), reservationId, idempotencyKey, requester, answer };
}

export function askAgain({ requester, reservationId, idempotencyKey }: Request): Promise<GovernedAnswer> {
  return requester.send('reservation.cancel', { reservationId }, { idempotencyKey });
}

/** ACTIVE until the cancellation runs. */
export async function statusOf(reader: Client, { reservationId }: Request): Promise<unknown> {
  return dataOf(await reader.read(`/v1/reservation/get?reservationId=${reservationId}`))['status'];
}

/** How a vote was taken: its refusal with the rule behind it, the rule that denied, or what became of the request. */
export function endOf({ status, json, text }: GovernedAnswer): string {
  if (status === 200) return String(isObject(json['data']) ? json['data']['status'] : text);
  const refusal: JsonObject = isObject(json['refusal']) ? json['refusal'] : {};
  const rule = refusal['rule'] ?? json['rule'];
  return typeof rule === 'string' ? `${String(json['code'])} ${rule}` : `${String(json['code'])}`;
}

export interface ApprovalRow {
  readonly status: unknown;
  readonly votes: number;
}

/** A request as it stands in the tables. */
export async function approvalIn(governed: Governed, approvalId: string): Promise<ApprovalRow> {
  if (!approvalId.startsWith('apr_')) return { status: 'of nothing', votes: 0 };
  const [row] = await governed.query(
    `SELECT status, (SELECT count(*)::int FROM kf.approval_votes v WHERE v.approval_id = a.id) AS votes
       FROM kf.approvals a WHERE id = $1`,
    [approvalId.slice(4)],
  );
  return { status: row?.['status'], votes: Number(row?.['votes'] ?? 0) };
}
