import { createHash } from 'node:crypto';
import { decodeEvent } from '@karmanflow/events';
import {
  formatKeySet,
  type ReceiptBody,
  type ReceiptSigner,
  receiptDocument,
  receiptHash,
  verifyReceipt,
} from '@karmanflow/receipts';
import { schemaName, toId, valueParsers } from '@karmanflow/schema';
import { Client } from 'pg';
import type { StoredReceipt } from '../executor/outcome.ts';
import { compareTablesWithEvents } from './compare-tables.ts';

/** What is wrong with a database, in words, and how much was looked at. */
export interface HistoryProof {
  readonly complaints: readonly string[];
  readonly receipts: number;
  readonly events: number;
  readonly rows: number;
}

interface ReceiptRow {
  readonly id: string;
  readonly command_type: string;
  readonly status: StoredReceipt['status'];
  readonly body: Buffer;
  readonly hash: Buffer;
  readonly signature: Buffer;
  readonly key_id: string;
  readonly response: Buffer | null;
}

interface EventRow {
  readonly id: string;
  readonly body: Buffer;
  readonly hash: Buffer;
  readonly receipt_id: string;
}

/**
 * Checks everything that must hold in any database at rest: every receipt verifies with the published key, events and
 * receipts name each other, the log knows each receipt once, quantities are the sums of movements, and the events alone
 * rebuild the tables.
 */
export async function proveHistory(options: { adminUrl: string; signer: ReceiptSigner }): Promise<HistoryProof> {
  const { adminUrl, signer } = options;
  // pg's declaration lists the known oids only; the parsers of the schema answer for all of them.
  const client = new Client({ connectionString: adminUrl, types: valueParsers as never });
  await client.connect();
  try {
    const receipts = (await client.query<ReceiptRow>(`SELECT * FROM ${schemaName}.command_receipts`)).rows;
    const events = (await client.query<EventRow>(`SELECT * FROM ${schemaName}.domain_events`)).rows;
    const compared = await compareTablesWithEvents({ adminUrl });
    const complaints = [
      ...receiptComplaints(receipts, signer),
      ...eventComplaints(receipts, events),
      ...(await countComplaints(client)),
      ...compared.differences.map((difference) => `tables and events differ: ${JSON.stringify(difference)}`),
    ];
    return { complaints, receipts: receipts.length, events: events.length, rows: compared.rows };
  } finally {
    await client.end();
  }
}

function receiptComplaints(rows: readonly ReceiptRow[], signer: ReceiptSigner): string[] {
  const keys = formatKeySet([{ publicJwk: signer.publicJwk, notBefore: '2020-01-01T00:00:00.000Z', notAfter: null }]);
  return rows.flatMap((row) => {
    const document: unknown = JSON.parse(
      JSON.stringify(receiptDocument({ bytes: row.body, hash: row.hash, signature: row.signature, keyId: row.key_id })),
    );
    const result = verifyReceipt({ document, keys });
    if (!result.ok) return [`receipt ${row.id}: ${result.code}`];
    const body: ReceiptBody = result.body;
    const response = row.response && `sha256:${createHash('sha256').update(row.response).digest('hex')}`;
    return [
      ...(row.hash.equals(receiptHash(row.body)) ? [] : [`receipt ${row.id} does not have its hash`]),
      ...(body.receiptId === toId('receipt', row.id) ? [] : [`receipt ${row.id} says that it is ${body.receiptId}`]),
      ...(body.status === row.status ? [] : [`receipt ${row.id} says ${body.status}, its row ${row.status}`]),
      ...(body.responseHash === response ? [] : [`receipt ${row.id} does not vouch for its response`]),
    ];
  });
}

function eventComplaints(receipts: readonly ReceiptRow[], events: readonly EventRow[]): string[] {
  const complaints: string[] = [];
  const ofReceipt = new Map<string, { id: string; type: string; hash: string; ordinal: number }[]>();
  for (const { id, body, hash, receipt_id } of events) {
    if (!createHash('sha256').update(body).digest().equals(hash)) complaints.push(`event ${id} does not have its hash`);
    const event = decodeEvent(body);
    if (event.receiptId !== toId('receipt', receipt_id)) complaints.push(`event ${id} names another receipt`);
    const list = ofReceipt.get(receipt_id) ?? [];
    ofReceipt.set(receipt_id, list);
    list.push({
      id: event.eventId,
      type: event.eventType,
      hash: `sha256:${hash.toString('hex')}`,
      ordinal: event.ordinal,
    });
  }
  for (const { id, body } of receipts) {
    // Verified above as what it says it is.
    const named = (JSON.parse(body.toString('utf8')) as ReceiptBody).events.map((event, ordinal) => ({
      ...event,
      ordinal,
    }));
    const written = (ofReceipt.get(id) ?? []).toSorted((one, other) => one.ordinal - other.ordinal);
    if (!Bun.deepEquals(named, written)) complaints.push(`receipt ${id} and its events do not name each other`);
  }
  return complaints;
}

async function countComplaints(client: Client): Promise<string[]> {
  const complaints: string[] = [];
  for (const [complaint, sql] of Object.entries(countQueries)) {
    const { rows } = await client.query<{ what: string }>(sql);
    complaints.push(...rows.map((row) => `${complaint}: ${row.what}`));
  }
  return complaints;
}

const countQueries = {
  'not in the log exactly once': `
    select r.id::text as what from kf.command_receipts r
    left join (select unnest(receipt_ids) as id from kf.log_pending
      union all select command_receipt_id from kf.log_leaves) p using (id) group by r.id having count(p.id) <> 1`,
  'in the log without a receipt': `
    select p.id::text as what from (select unnest(receipt_ids) as id from kf.log_pending
      union all select command_receipt_id from kf.log_leaves) p
    left join kf.command_receipts r using (id) where r.id is null`,
  'quantities are not the sums of the movements': `
    select format('%s: on hand %s, moved %s, reserved %s, moved %s, allocated %s, moved %s', l.variant_id, l.on_hand, m.on_hand,
      l.reserved, m.reserved, l.allocated, m.allocated) as what
    from kf.inventory_levels l
    join lateral (
      select coalesce(sum(quantity) filter (where from_state = 'EXTERNAL'), 0)
          - coalesce(sum(quantity) filter (where to_state = 'EXTERNAL'), 0) as on_hand,
        coalesce(sum(quantity) filter (where to_state = 'RESERVED'), 0)
          - coalesce(sum(quantity) filter (where from_state = 'RESERVED'), 0) as reserved,
        coalesce(sum(quantity) filter (where to_state = 'ALLOCATED'), 0)
          - coalesce(sum(quantity) filter (where from_state = 'ALLOCATED'), 0) as allocated
      from kf.stock_movements s
      where (s.tenant_id, s.environment_id, s.variant_id, s.location_id)
        = (l.tenant_id, l.environment_id, l.variant_id, l.location_id)) m on true
    where l.on_hand <> m.on_hand or l.reserved <> m.reserved or l.allocated <> m.allocated`,
  'reserved is not the sum of open reservations that are not allocated': `
    select format('%s: %s, open %s', l.variant_id, l.reserved, coalesce(o.quantity, 0)) as what
    from kf.inventory_levels l
    left join (
      select s.tenant_id, s.environment_id, s.variant_id, s.location_id, sum(s.quantity) as quantity
      from kf.reservations r join kf.stock_movements s
        on (s.tenant_id, s.environment_id, s.event_id) = (r.tenant_id, r.environment_id, r.created_by_event)
      where r.status in ('ACTIVE', 'COMMITTED') and not exists (
        select from kf.allocations a
        where (a.tenant_id, a.environment_id, a.reservation_id) = (r.tenant_id, r.environment_id, r.id))
      group by 1, 2, 3, 4) o
      on (o.tenant_id, o.environment_id, o.variant_id, o.location_id)
        = (l.tenant_id, l.environment_id, l.variant_id, l.location_id)
    where l.reserved <> coalesce(o.quantity, 0)`,
  'allocated is not the sum of the allocations': `
    select format('%s: %s, allocations %s', l.variant_id, l.allocated, coalesce(o.quantity, 0)) as what
    from kf.inventory_levels l
    left join (
      select tenant_id, environment_id, variant_id, location_id, sum(quantity) as quantity
      from kf.allocations where status = 'ALLOCATED' group by 1, 2, 3, 4) o
      on (o.tenant_id, o.environment_id, o.variant_id, o.location_id)
        = (l.tenant_id, l.environment_id, l.variant_id, l.location_id)
    where l.allocated <> coalesce(o.quantity, 0)`,
  'an allocation does not stand for all units of its line': `
    select format('%s line %s: %s of %s', r.id, s.movement_number + 1, coalesce(o.quantity, 0), s.quantity) as what
    from kf.reservations r
    join kf.stock_movements s
      on (s.tenant_id, s.environment_id, s.event_id) = (r.tenant_id, r.environment_id, r.created_by_event)
    left join lateral (
      select sum(a.quantity) filter (where a.status = 'ALLOCATED') as quantity, count(*) as n from kf.allocations a
      where (a.tenant_id, a.environment_id, a.reservation_id) = (r.tenant_id, r.environment_id, r.id)
        and a.line_number = s.movement_number + 1) o on true
    where o.n > 0 and coalesce(o.quantity, 0) <> case r.status when 'COMMITTED' then s.quantity else 0 end`,
  'a level that has not the oversell limit of its policies, and no application under way that brings it': `
    select format('%s: %s', l.variant_id, l.oversell_limit) as what
    from kf.inventory_levels l
    cross join lateral (select array['var_' || l.variant_id || ':loc_' || l.location_id, 'var_' || l.variant_id,
      'loc_' || l.location_id] as scopes) k
    where l.oversell_limit <> coalesce((
      select p.quantity from kf.oversell_policies p
      where (p.tenant_id, p.environment_id) = (l.tenant_id, l.environment_id) and p.mode <> 'INHERIT'
        and p.scope_key = any(k.scopes) order by array_position(k.scopes, p.scope_key) limit 1), 0)
    and not exists (
      select from kf.oversell_applications a
      where (a.tenant_id, a.environment_id) = (l.tenant_id, l.environment_id) and a.status = 'RUNNING'
        and a.scope_key = any(k.scopes))`,
  'an active hold that no sweeper will look for': `
    select r.id::text as what from kf.reservations r where r.status = 'ACTIVE' and not exists (
      select from kf.expiry_schedule s where (s.tenant_id, s.environment_id) = (r.tenant_id, r.environment_id)
        and s.due_at <= r.expires_at and s.due_at > r.expires_at - interval '1 minute')`,
  'an idempotency key with two receipts': `
    select min(id::text) as what from kf.command_receipts where idempotency_key_hash is not null
    group by tenant_id, command_type, idempotency_key_hash having count(*) > 1`,
};
