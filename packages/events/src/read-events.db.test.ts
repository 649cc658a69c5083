import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Database, openDatabase, type Scope, scopeStatements, toUuid } from '@karmanflow/schema';
import { createTestDatabase, type TestDatabase } from '@karmanflow/schema/testing';
import { isEventCursor, readEvents, startCursor } from './read-events.ts';

let testDatabase: TestDatabase;
let writers: Database;
let readers: Database;

const scopeOf = (tenant: number, environment: number): Scope => ({
  tenantId: `tnt_00000000-0000-7000-8000-${String(tenant).padStart(12, '0')}`,
  environmentId: `env_00000000-0000-7000-8000-${String(environment).padStart(12, '0')}`,
});
const here = scopeOf(1, 11);
const sibling = scopeOf(1, 12);
const stranger = scopeOf(2, 21);

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  writers = openDatabase({ url: testDatabase.urlFor('kf_command'), applicationName: 'kf-test-writers' });
  readers = openDatabase({ url: testDatabase.urlFor('kf_read'), applicationName: 'kf-test-readers' });
});
afterAll(async () => {
  await Promise.all([writers.close(), readers.close()]);
  await testDatabase.drop();
});

const columns = 'current_setting($$kf.tenant_id$$)::uuid, current_setting($$kf.environment_id$$)::uuid';

/** Writes events in one transaction as a command would, then waits for `gate` before it commits. Gives their ids. */
async function write(options: {
  scope: Scope;
  count: number;
  gate?: Promise<void>;
  onWritten?: () => void;
}): Promise<string[]> {
  const { scope, count, gate, onWritten } = options;
  return writers.connection(async (client) => {
    await client.query('BEGIN');
    for (const statement of scopeStatements(scope)) await client.query(statement);
    const receiptId = Bun.randomUUIDv7();
    await client.query(
      `insert into kf.command_receipts (tenant_id, environment_id, id, command_type, status, actor_id, payload_hash, body,
        hash, signature, key_id, correlation_id, completed_at) select ${columns}, $1, 'a.b', 'SUCCEEDED', $1, sha256(''), '',
        sha256(''), sha256('') || sha256(''), 'key', $1, now()`,
      [receiptId],
    );
    const ids: string[] = [];
    for (let ordinal = 0; ordinal < count; ordinal += 1) {
      const id = Bun.randomUUIDv7();
      const body = {
        format: 'karmanflow.event/1',
        eventId: `evt_${id}`,
        eventType: 'a.b.happened',
        eventVersion: 1,
        tenantId: scope.tenantId,
        environmentId: scope.environmentId,
        receiptId: `rcp_${receiptId}`,
        ordinal,
        occurredAt: '2026-03-01T09:30:00.000Z',
        entities: [],
        correlationId: `kfcor_${receiptId}`,
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        data: {},
      };
      await client.query(
        `insert into kf.domain_events (tenant_id, environment_id, id, type, body, hash, receipt_id)
          select ${columns}, $1, 'a.b.happened', $2, sha256(''), $3`,
        [id, Buffer.from(JSON.stringify(body)), receiptId],
      );
      ids.push(`evt_${id}`);
    }
    onWritten?.();
    await gate;
    await client.query('COMMIT');
    return ids;
  });
}

/** Everything after a cursor, page by page, as a consumer reads it. */
async function readAll(options: {
  scope: Scope;
  after?: string;
  limit: number;
}): Promise<{ ids: string[]; cursor: string }> {
  const ids: string[] = [];
  let cursor = options.after ?? startCursor;
  for (;;) {
    const page = await readEvents(readers, { scope: options.scope, after: cursor, limit: options.limit });
    expect(page.events.length).toBeLessThanOrEqual(options.limit);
    ids.push(...page.events.map((event) => event.eventId));
    cursor = page.cursor;
    if (!page.hasMore) return { ids, cursor };
    expect(page.events).toHaveLength(options.limit);
  }
}

/**
 * Reads again until `count` events are there. A transaction of any database of the cluster holds the stream back while it
 * runs, and other tests run on the same cluster.
 */
async function readOnce(options: { scope: Scope; after?: string; limit: number; count: number }): Promise<string[]> {
  const endsAt = performance.now() + 10_000;
  for (;;) {
    const { ids } = await readAll(options);
    if (ids.length >= options.count || performance.now() > endsAt) return ids;
    await Bun.sleep(5);
  }
}

describe('reading events', () => {
  test('gives each once, in pages of any size, and goes on where it stopped', async () => {
    const written = [...(await write({ scope: here, count: 3 })), ...(await write({ scope: here, count: 4 }))];
    expect(await readOnce({ scope: here, limit: 100, count: 7 })).toEqual(written);
    for (const limit of [1, 2, 3, 6, 7]) expect((await readAll({ scope: here, limit })).ids).toEqual(written);
    const { cursor } = await readAll({ scope: here, limit: 5 });
    expect(await readAll({ scope: here, after: cursor, limit: 5 })).toEqual({ ids: [], cursor });
    const later = await write({ scope: here, count: 1 });
    expect(await readOnce({ scope: here, after: cursor, limit: 5, count: 1 })).toEqual(later);
  });

  test('shows one environment and nothing of another, not even with its cursor', async () => {
    const own = await write({ scope: sibling, count: 2 });
    const foreign = await write({ scope: stranger, count: 2 });
    expect(await readOnce({ scope: sibling, limit: 10, count: 2 })).toEqual(own);
    expect(await readOnce({ scope: stranger, limit: 10, count: 2 })).toEqual(foreign);
    const { cursor } = await readAll({ scope: stranger, limit: 10 });
    expect((await readAll({ scope: sibling, after: cursor, limit: 10 })).ids).toEqual([]);
    expect((await readAll({ scope: { ...stranger, environmentId: here.environmentId }, limit: 10 })).ids).toEqual([]);
  });

  test('never steps over a transaction that began earlier and commits later', async () => {
    const start = (await readAll({ scope: here, limit: 100 })).cursor;
    const gate = Promise.withResolvers<void>();
    const slowWrote = Promise.withResolvers<void>();
    const slow = write({ scope: here, count: 2, gate: gate.promise, onWritten: () => slowWrote.resolve() });
    await slowWrote.promise;
    const fast = await write({ scope: here, count: 2 });
    // The fast one has committed, but the slow one could still appear before it: nothing is shown yet.
    const meanwhile = await readAll({ scope: here, after: start, limit: 100 });
    expect(meanwhile).toEqual({ ids: [], cursor: start });
    gate.resolve();
    const slowIds = await slow;
    expect(await readOnce({ scope: here, after: start, limit: 1, count: 4 })).toEqual([...slowIds, ...fast]);
  });

  test('loses and repeats nothing while many write at once', async () => {
    const start = (await readAll({ scope: here, limit: 100 })).cursor;
    const seen: string[] = [];
    let cursor = start;
    const written = new AbortController();
    const reading = (async () => {
      while (!written.signal.aborted) {
        const more = await readAll({ scope: here, after: cursor, limit: 3 });
        seen.push(...more.ids);
        cursor = more.cursor;
      }
    })();
    const batches = await Promise.all(Array.from({ length: 40 }, () => write({ scope: here, count: 2 })));
    written.abort();
    await reading;
    seen.push(...(await readOnce({ scope: here, after: cursor, limit: 3, count: 80 - seen.length })));
    expect(seen.toSorted()).toEqual(batches.flat().toSorted());
  });
});

describe('a cursor', () => {
  const uuid = toUuid(here.tenantId);

  test.each([startCursor, `1.${uuid}`, `18446744073709551615.${uuid}`])(
    '%s is one, and can be read after',
    async (cursor) => {
      expect(isEventCursor(cursor)).toBe(true);
      expect((await readEvents(readers, { scope: here, after: cursor, limit: 1 })).events.length).toBeLessThanOrEqual(
        1,
      );
    },
  );

  test.each([
    '',
    '0',
    `.${uuid}`,
    `1.${uuid}x`,
    `-1.${uuid}`,
    `1.${uuid.replace('8', 'G')}`,
    `1.${uuid}'--`,
    `1 .${uuid}`,
  ])('%p is none, and throws before it reaches the database', async (cursor) => {
    expect(isEventCursor(cursor)).toBe(false);
    await expect(readEvents(readers, { scope: here, after: cursor, limit: 1 })).rejects.toThrow(TypeError);
  });

  test('beyond what a transaction id can be is none: a caller must not cause an error of the database', () => {
    expect(isEventCursor(`18446744073709551616.${uuid}`)).toBe(false);
    expect(isEventCursor(`99999999999999999999.${uuid}`)).toBe(false);
  });
});
