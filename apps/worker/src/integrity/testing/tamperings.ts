import { randomBytes } from 'node:crypto';
import {
  createNoteSigner,
  createReceiptSigner,
  parseNote,
  receiptHash,
  signNote,
  tenantLogPlace,
} from '@karmanflow/receipts';
import { toId, toUuid } from '@karmanflow/schema';
import { host } from '../../sequencer/testing/sequencer-world.ts';
import { restoreTables } from './saved-tables.ts';
import type { DrillWorld } from './tamper-drill.ts';

/** Something that an administrator of the database can do, once nothing in it stands in the way. */
export interface Tampering {
  readonly name: string;
  /** Who has to notice: both, unless it is said otherwise. */
  readonly noticedBy: readonly ('verifier' | 'monitor')[];
  /** A code of each that has to be among its findings. */
  readonly codes: readonly string[];
  /** Does it, and gives what was tampered with as findings have to name it. */
  readonly tamper: (drill: DrillWorld) => Promise<string>;
}

const both = ['verifier', 'monitor'] as const;

/** Of the published leaves one in the middle, whatever happened around it. */
async function receiptAt(drill: DrillWorld, leafIndex: number): Promise<string> {
  const { rows } = await drill.sequencer.admin.query<{ id: string }>(
    'SELECT command_receipt_id AS id FROM kf.log_leaves WHERE tenant_id = $1 AND leaf_index = $2',
    [toUuid(drill.tenant.tenantId), leafIndex],
  );
  return rows[0]?.id ?? '';
}

async function change(drill: DrillWorld, sql: string, values: readonly unknown[]): Promise<void> {
  const { rowCount } = await drill.sequencer.admin.query(sql, [...values]);
  if (rowCount === 0) throw new Error(`there was nothing to tamper with: ${sql}`);
}

async function forgedReceipt(drill: DrillWorld): Promise<{ readonly id: string; readonly body: Buffer }> {
  const { rows } = await drill.sequencer.admin.query<{ body: Buffer }>(
    'SELECT body FROM kf.command_receipts WHERE id = $1',
    [await receiptAt(drill, 6)],
  );
  const id = Bun.randomUUIDv7();
  const text = rows[0]?.body.toString() ?? '';
  const body = text.replace(/rcp_[0-9a-f-]{36}/, toId('receipt', id)).replace(/"events":\[[^\]]*\]/, '"events":[]');
  return { id, body: Buffer.from(body) };
}

async function insertForged(drill: DrillWorld): Promise<string> {
  const { id, body } = await forgedReceipt(drill);
  await change(
    drill,
    `INSERT INTO kf.command_receipts SELECT (jsonb_populate_record(r, jsonb_build_object('id', $1::text, 'idempotency_key_hash', null))).*
      FROM kf.command_receipts r WHERE id = $2`,
    [id, await receiptAt(drill, 6)],
  );
  const hash = receiptHash(body);
  await change(drill, 'UPDATE kf.command_receipts SET body = $1, hash = $2 WHERE id = $3', [
    body,
    Buffer.from(hash),
    id,
  ]);
  return id;
}

export const tamperings: readonly Tampering[] = [
  {
    name: 'a receipt is edited, with its hash',
    noticedBy: both,
    codes: ['signature_invalid', 'receipt_changed'],
    async tamper(drill) {
      const id = await receiptAt(drill, 6);
      await change(
        drill,
        `UPDATE kf.command_receipts SET body = b.body, hash = sha256(b.body) FROM
          (SELECT convert_to(replace(convert_from(body, 'UTF8'), '"SUCCEEDED"', '"REFUSED"'), 'UTF8') AS body
            FROM kf.command_receipts WHERE id = $1) b WHERE id = $1`,
        [id],
      );
      return toId('receipt', id);
    },
  },
  {
    name: 'a receipt is edited, with its hash and its leaf',
    noticedBy: both,
    codes: ['root_mismatch', 'signature_invalid', 'receipt_changed'],
    async tamper(drill) {
      const id = await receiptAt(drill, 6);
      await change(
        drill,
        `UPDATE kf.command_receipts SET body = b.body, hash = sha256(b.body) FROM
          (SELECT convert_to(replace(convert_from(body, 'UTF8'), '"SUCCEEDED"', '"REFUSED"'), 'UTF8') AS body
            FROM kf.command_receipts WHERE id = $1) b WHERE id = $1`,
        [id],
      );
      await change(
        drill,
        `UPDATE kf.log_leaves SET leaf_hash = sha256('\\x00'::bytea || r.body) FROM kf.command_receipts r
          WHERE r.id = command_receipt_id AND r.id = $1`,
        [id],
      );
      return toId('receipt', id);
    },
  },
  {
    name: 'an event is edited, with its hash',
    noticedBy: ['verifier', 'monitor'],
    codes: ['event_hash_mismatch', 'row_differs'],
    async tamper(drill) {
      const id = await receiptAt(drill, 6);
      await change(
        drill,
        `UPDATE kf.domain_events SET body = b.body, hash = sha256(b.body) FROM
          (SELECT id, convert_to(replace(convert_from(body, 'UTF8'), '"Mug"', '"Cup"'), 'UTF8') AS body
            FROM kf.domain_events WHERE receipt_id = $1) b WHERE domain_events.id = b.id`,
        [id],
      );
      return toId('receipt', id);
    },
  },
  {
    name: 'a receipt is deleted, and its events',
    noticedBy: both,
    codes: ['receipt_missing'],
    async tamper(drill) {
      const id = await receiptAt(drill, 6);
      await change(drill, 'DELETE FROM kf.domain_events WHERE receipt_id = $1', [id]);
      await change(drill, 'DELETE FROM kf.command_receipts WHERE id = $1', [id]);
      return toId('receipt', id);
    },
  },
  {
    name: 'a receipt is inserted beside the log',
    noticedBy: ['monitor'],
    codes: ['receipt_unlogged'],
    tamper: async (drill) => toId('receipt', await insertForged(drill)),
  },
  {
    name: 'two receipts change their places in the log',
    noticedBy: both,
    codes: ['root_mismatch', 'receipt_moved'],
    async tamper(drill) {
      const tenant = toUuid(drill.tenant.tenantId);
      const id = await receiptAt(drill, 6);
      for (const [to, from] of [
        [1_000_000, 6],
        [6, 7],
        [7, 1_000_000],
      ]) {
        await change(drill, 'UPDATE kf.log_leaves SET leaf_index = $1 WHERE tenant_id = $2 AND leaf_index = $3', [
          to,
          tenant,
          from,
        ]);
      }
      return toId('receipt', id);
    },
  },
  {
    name: 'the database is put back to a backup',
    noticedBy: both,
    codes: ['rolled_back', 'log_rolled_back'],
    async tamper(drill) {
      await restoreTables(drill.sequencer.admin, 'backup');
      return tenantLogPlace({ host, tenantId: drill.tenant.tenantId }).origin;
    },
  },
  {
    name: 'the state of an entity is edited',
    noticedBy: ['monitor'],
    codes: ['row_differs'],
    async tamper(drill) {
      await change(drill, 'UPDATE kf.inventory_levels SET on_hand = on_hand + 5', []);
      return 'inventory_levels';
    },
  },
  {
    name: 'the key of the receipts is exchanged, and everything signed with another one',
    noticedBy: both,
    codes: ['unknown_key', 'receipt_unsigned'],
    async tamper(drill) {
      const { admin } = drill.sequencer;
      const id = await receiptAt(drill, 6);
      const other = createReceiptSigner({ privateKey: randomBytes(32) });
      const { rows } = await admin.query<{ id: string; body: Buffer }>('SELECT id, body FROM kf.command_receipts');
      for (const row of rows) {
        const signature = Buffer.from(other.sign(row.body));
        await change(drill, 'UPDATE kf.command_receipts SET signature = $1, key_id = $2 WHERE id = $3', [
          signature,
          other.keyId,
          row.id,
        ]);
      }
      return toId('receipt', id);
    },
  },
  {
    name: 'the key of the log is exchanged, and its checkpoint signed with another one',
    noticedBy: both,
    codes: ['checkpoint_refused', 'checkpoint_forged'],
    async tamper(drill) {
      const { admin } = drill.sequencer;
      const { origin } = tenantLogPlace({ host, tenantId: drill.tenant.tenantId });
      const { rows } = await admin.query<{ size: string; note: string }>(
        'SELECT tree_size AS size, note FROM kf.log_checkpoints WHERE tenant_id = $1 ORDER BY tree_size DESC LIMIT 1',
        [toUuid(drill.tenant.tenantId)],
      );
      const text = parseNote(rows[0]?.note ?? '')?.text ?? '';
      const note = signNote({ text, signers: [createNoteSigner({ name: origin, seed: randomBytes(32) })] });
      await change(drill, 'UPDATE kf.log_checkpoints SET note = $1 WHERE tenant_id = $2 AND tree_size = $3', [
        note,
        toUuid(drill.tenant.tenantId),
        rows[0]?.size,
      ]);
      return origin;
    },
  },
  // The log cannot be made shorter again: what is put into it stays, and so does what is found of it.
  {
    name: 'a receipt is inserted through the queue, so that the log takes it up',
    noticedBy: both,
    codes: ['signature_invalid', 'receipt_unsigned'],
    async tamper(drill) {
      const { sequencer, tenant } = drill;
      const id = await insertForged(drill);
      const { rows } = await sequencer.admin.query<{ environment: string }>(
        'SELECT environment_id AS environment FROM kf.command_receipts WHERE id = $1',
        [id],
      );
      await change(
        drill,
        'INSERT INTO kf.log_pending (tenant_id, environment_id, receipt_ids) VALUES ($1, $2, ARRAY[$3::uuid])',
        [toUuid(tenant.tenantId), rows[0]?.environment, id],
      );
      await sequencer.sequence();
      await sequencer.publish();
      return toId('receipt', id);
    },
  },
];
