import { createHash } from 'node:crypto';
import { drainQueue, lead, readReceiptEvents, type ReadReceipt, type Term } from '@karmanflow/events';
import { leafHash } from '@karmanflow/receipts';
import { type Database, scopeStatements, toId } from '@karmanflow/schema';
import { qualified } from '../world/statements.ts';
import type { Attack } from '../attacks/attack-check.ts';
import type { PlaceIds } from '../harness/session.ts';

/** What a check of the log works with: pools of the roles that write, sequence and read, and a tenant of its own. */
export interface LogPlace extends PlaceIds {
  readonly writers: Database;
  readonly sequencers: Database;
  /** One transaction, as the executor writes it: receipts with one event each. Gives their ids. */
  write(options?: WriteOptions): Promise<readonly string[]>;
  /** Leads while `work` runs. */
  asLeader<T>(work: (term: Term) => Promise<T>): Promise<T>;
  /** Everything that waits gets its position. */
  drain(): Promise<void>;
  /** What stands in a table of the sequence for this tenant, in its order. */
  rows(table: 'log_leaves' | 'stream_events', order: string): Promise<readonly Record<string, unknown>[]>;
}

export interface WriteOptions {
  readonly receipts?: number;
  /** Runs when the transaction has its id and has written nothing, as a command reads and locks its rows. */
  readonly before?: () => Promise<void>;
}

const leadDeadlineMilliseconds = 30_000;
const roundsMax = 50;

/** A leaf is the exact bytes of a receipt; events are those that it lists. */
export const readReceipt: ReadReceipt = (body) => ({
  leafHash: leafHash(body),
  eventIds: readReceiptEvents(body) ?? [],
});

/** Opens a place in which nothing has happened yet, and empties the queue of what the seed left there. */
export async function withLogPlace(attack: Attack, work: (place: LogPlace) => Promise<void>): Promise<void> {
  const { target, world } = attack;
  const writers = target.openPool({ role: 'kf_command', connectionsMax: 8 });
  const sequencers = target.openPool({ role: 'kf_sequencer', connectionsMax: 6 });
  const place: PlaceIds = { tenantId: world.newId(), environmentId: world.newId() };

  async function asLeader<T>(lent: (term: Term) => Promise<T>): Promise<T> {
    const deadline = performance.now() + leadDeadlineMilliseconds;
    for (;;) {
      const results: T[] = [];
      const options = { leaderId: world.newId(), work: async (term: Term) => void results.push(await lent(term)) };
      if (await lead(sequencers, options)) return results[0] as T; // `lent` has run, so that its result is there.
      if (performance.now() > deadline) throw new Error('somebody else leads, and does not stop');
      await Bun.sleep(5);
    }
  }

  const drain = (): Promise<void> =>
    asLeader(async ({ connection, epoch }) => {
      for (let round = 0; round < roundsMax; round += 1) {
        // The seed's queue names receipts that have their leaves already.
        const done = await drainQueue(connection, { epoch, readReceipt, distrust: true });
        if (done.transactions === 0) return;
      }
      throw new Error('the queue does not become empty');
    });

  try {
    await drain();
    await work({
      ...place,
      writers,
      sequencers,
      asLeader,
      drain,
      write: (options = {}) => writeTransaction(writers, { ...options, place, newId: world.newId }),
      rows: (table, order) =>
        target.asAdmin(async (admin) => {
          const from = `${qualified(table)} WHERE tenant_id = $1`;
          return (await admin.query(`SELECT * FROM ${from} ORDER BY ${order}`, [place.tenantId])).rows;
        }),
    });
  } finally {
    await Promise.all([writers.close(), sequencers.close()]);
  }
}

/** The transaction id is drawn first, as a command's locks do, and the row of the queue is the last that is written. */
async function writeTransaction(
  writers: Database,
  options: WriteOptions & { readonly place: PlaceIds; readonly newId: () => string },
): Promise<readonly string[]> {
  const { place, newId } = options;
  const pair = [place.tenantId, place.environmentId];
  return writers.connection(async (client, discard) => {
    try {
      await client.query('BEGIN');
      const scope = {
        tenantId: toId('tenant', place.tenantId),
        environmentId: toId('environment', place.environmentId),
      };
      for (const statement of scopeStatements(scope)) await client.query(statement);
      await client.query('SELECT pg_current_xact_id()');
      await options.before?.();
      const ids: string[] = [];
      for (let at = 0; at < (options.receipts ?? 1); at += 1) {
        const [id, eventId] = [newId(), newId()];
        ids.push(id);
        const body = Buffer.from(
          JSON.stringify({ receiptId: toId('receipt', id), events: [{ id: toId('event', eventId) }] }),
        );
        await client.query(
          `INSERT INTO ${qualified('command_receipts')} (tenant_id, environment_id, id, command_type, status, actor_id,
            payload_hash, body, hash, signature, key_id, correlation_id, completed_at)
            VALUES ($1, $2, $3, 'a.b', 'SUCCEEDED', $3, $4, $5, $4, $6, 'key', $3, now())`,
          [...pair, id, digestOf(body), body, Buffer.concat([digestOf(body), digestOf(body)])],
        );
        await client.query(
          `INSERT INTO ${qualified('domain_events')} (tenant_id, environment_id, id, type, body, hash, receipt_id)
            VALUES ($1, $2, $3, 'a.b.happened', $4, $5, $6)`,
          [...pair, eventId, Buffer.from('{}'), digestOf(Buffer.from('{}')), id],
        );
      }
      await client.query(
        `INSERT INTO ${qualified('log_pending')} (tenant_id, environment_id, receipt_ids) VALUES ($1, $2, $3)`,
        [...pair, ids],
      );
      await client.query('COMMIT');
      return ids;
    } catch (error) {
      await client.query('ROLLBACK').catch(discard);
      throw error;
    }
  });
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
