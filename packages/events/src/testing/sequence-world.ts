import { createHash } from 'node:crypto';
import { type Database, openDatabase, type Scope, scopeStatements, toUuid } from '@karmanflow/schema';
import { createTestDatabase, type TestDatabase } from '@karmanflow/schema/testing';
import { drainQueue, type DrainRound } from '../sequence/drain-queue.ts';
import type { ReadReceipt } from '../sequence/pending-work.ts';
import { readReceiptEvents } from '../sequence/read-receipt-events.ts';
import { lead, type Term } from '../sequence/term.ts';

/** A receipt that a test wrote, and its events, as UUIDs. */
export interface WrittenReceipt {
  readonly id: string;
  readonly eventIds: readonly string[];
}

export interface WriteOptions {
  readonly scope: Scope;
  /** Events of each receipt of the transaction. */
  readonly events: readonly number[];
  /** Runs inside the transaction before anything else is written, as a command reads its rows. */
  readonly before?: () => Promise<void>;
  /** Runs when everything is written, before COMMIT. */
  readonly beforeCommit?: () => Promise<void>;
}

export interface SequenceWorld {
  readonly testDatabase: TestDatabase;
  readonly writers: Database;
  readonly readers: Database;
  readonly sequencers: Database;
  readonly admin: Awaited<ReturnType<TestDatabase['admin']>>;
  /** One transaction as the executor writes it. */
  write(options: WriteOptions): Promise<WrittenReceipt[]>;
  /** Leads for as long as `work` takes, once nobody else does. */
  asLeader<T>(work: (term: Term) => Promise<T>): Promise<T>;
  /** Rounds until nothing waits any more. */
  drain(): Promise<DrainRound[]>;
  /** Event ids of an environment in the order of `seq`, after checking that `seq` is 1, 2, 3 … */
  stream(scope: Scope): Promise<string[]>;
  /** Receipt ids of a tenant in the order of their leaves, after checking that the indices are 0, 1, 2 … */
  leaves(tenantId: string): Promise<string[]>;
  waiting(): Promise<number>;
  close(): Promise<void>;
}

const takeoverDeadlineMilliseconds = 60_000;

export function scopeOf(tenant: number, environment: number): Scope {
  return {
    tenantId: `tnt_00000000-0000-7000-8000-${String(tenant).padStart(12, '0')}`,
    environmentId: `env_00000000-0000-7000-8000-${String(environment).padStart(12, '0')}`,
  };
}

/** A hash that stands for that of a leaf: what the hash is made of is the business of the log. */
export const readReceipt: ReadReceipt = (body) => ({
  leafHash: createHash('sha256').update(body).digest(),
  eventIds: readReceiptEvents(body) ?? [],
});

export async function createSequenceWorld(): Promise<SequenceWorld> {
  const testDatabase = await createTestDatabase();
  const open = (role: 'kf_command' | 'kf_read' | 'kf_sequencer'): Database =>
    openDatabase({ url: testDatabase.urlFor(role), applicationName: `kf-test-${role}`, connectionsMax: 12 });
  const writers = open('kf_command');
  const readers = open('kf_read');
  const sequencers = open('kf_sequencer');
  const admin = await testDatabase.admin();

  async function asLeader<T>(work: (term: Term) => Promise<T>): Promise<T> {
    const deadline = performance.now() + takeoverDeadlineMilliseconds;
    for (;;) {
      const results: T[] = [];
      const leaderId = Bun.randomUUIDv7();
      const led = await lead(sequencers, { leaderId, work: async (term) => void results.push(await work(term)) });
      if (led) return results[0] as T; // `work` has run, so that its result is there.
      if (performance.now() > deadline) throw new Error('somebody else leads, and does not stop');
      await Bun.sleep(5);
    }
  }

  return {
    testDatabase,
    writers,
    readers,
    sequencers,
    admin,
    write: (options) => writeTransaction(writers, options),
    asLeader,
    drain: () =>
      asLeader(async ({ connection, epoch }) => {
        const rounds: DrainRound[] = [];
        for (;;) {
          const round = await drainQueue(connection, { epoch, readReceipt, distrust: false });
          rounds.push(round);
          if (round.transactions === 0) return rounds;
        }
      }),
    async stream({ tenantId, environmentId }) {
      const { rows } = await admin.query(
        'select seq, event_id from kf.stream_events where tenant_id = $1 and environment_id = $2 order by seq',
        [toUuid(tenantId), toUuid(environmentId)],
      );
      inStep(
        rows.map(({ seq }) => Number(seq)),
        1,
      );
      return rows.map(({ event_id: eventId }) => eventId);
    },
    async leaves(tenantId) {
      const { rows } = await admin.query(
        'select leaf_index, command_receipt_id from kf.log_leaves where tenant_id = $1 order by leaf_index',
        [toUuid(tenantId)],
      );
      inStep(
        rows.map(({ leaf_index: leafIndex }) => Number(leafIndex)),
        0,
      );
      return rows.map(({ command_receipt_id: receiptId }) => receiptId);
    },
    async waiting() {
      return Number((await admin.query('select count(*) as n from kf.log_pending')).rows[0].n);
    },
    async close() {
      await Promise.all([writers.close(), readers.close(), sequencers.close()]);
      await testDatabase.drop();
    },
  };
}

function inStep(numbers: readonly number[], first: number): void {
  numbers.forEach((number, at) => {
    if (number !== first + at) throw new Error(`position ${first + at} is missing: ${number} stands there`);
  });
}

async function writeTransaction(writers: Database, options: WriteOptions): Promise<WrittenReceipt[]> {
  const { scope } = options;
  const pair = [toUuid(scope.tenantId), toUuid(scope.environmentId)];
  return writers.connection(async (client) => {
    await client.query('BEGIN');
    for (const statement of scopeStatements(scope)) await client.query(statement);
    // The transaction id is drawn first, as the executor's locks do: order by it would show effects before causes.
    await client.query('select pg_current_xact_id()');
    await options.before?.();
    const receipts = options.events.map((count) => ({
      id: Bun.randomUUIDv7(),
      eventIds: Array.from({ length: count }, () => Bun.randomUUIDv7()),
    }));
    for (const { id, eventIds } of receipts) {
      const body = Buffer.from(
        JSON.stringify({ receiptId: `rcp_${id}`, events: eventIds.map((one) => ({ id: `evt_${one}` })) }),
      );
      await client.query(
        `insert into kf.command_receipts (tenant_id, environment_id, id, command_type, status, actor_id, payload_hash, body,
          hash, signature, key_id, correlation_id, completed_at) values ($1, $2, $3, 'a.b', 'SUCCEEDED', $3, sha256(''), $4,
          sha256(''), sha256('') || sha256(''), 'key', $3, now())`,
        [...pair, id, body],
      );
      for (const [ordinal, eventId] of eventIds.entries()) {
        const event = envelope({ scope, receiptId: id, eventId, ordinal });
        await client.query(
          `insert into kf.domain_events (tenant_id, environment_id, id, type, body, hash, receipt_id)
            values ($1, $2, $3, 'a.b.happened', $4, sha256(''), $5)`,
          [...pair, eventId, Buffer.from(JSON.stringify(event)), id],
        );
      }
    }
    await client.query('insert into kf.log_pending (tenant_id, environment_id, receipt_ids) values ($1, $2, $3)', [
      ...pair,
      receipts.map(({ id }) => id),
    ]);
    await options.beforeCommit?.();
    await client.query('COMMIT');
    return receipts;
  });
}

function envelope(event: { scope: Scope; receiptId: string; eventId: string; ordinal: number }): unknown {
  const { scope, receiptId, eventId, ordinal } = event;
  return {
    format: 'karmanflow.event/1',
    eventId: `evt_${eventId}`,
    eventType: ordinal % 2 === 0 ? 'a.b.happened' : 'a.b.followed',
    eventVersion: 1,
    tenantId: scope.tenantId,
    environmentId: scope.environmentId,
    receiptId: `rcp_${receiptId}`,
    ordinal,
    occurredAt: '2026-03-01T09:30:00.000Z',
    entities: [{ type: 'thing', id: `thing-${ordinal}`, version: 1 }],
    correlationId: `kfcor_${receiptId}`,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    data: {},
  };
}
