import { type Database, openDatabase } from '@karmanflow/schema';
import { createTestDatabase, type TestDatabase } from '@karmanflow/schema/testing';
import { type DispatchFixtures, dispatchFixtures } from './dispatch-fixtures.ts';

export interface DispatchWorld extends DispatchFixtures {
  readonly testDatabase: TestDatabase;
  /** As kf_delivery, with room for two workers. */
  readonly database: Database;
  readonly admin: Awaited<ReturnType<TestDatabase['admin']>>;
  /** Makes leases run out and retries and probes due, as if so much time had passed. */
  passTime(milliseconds: number): Promise<void>;
  rows(table: string, subscriptionId: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export async function createDispatchWorld(): Promise<DispatchWorld> {
  const testDatabase = await createTestDatabase();
  const admin = await testDatabase.admin();
  const database = openDatabase({
    url: testDatabase.urlFor('kf_delivery'),
    applicationName: 'kf-test-delivery',
    connectionsMax: 4,
  });

  return {
    testDatabase,
    database,
    admin,
    ...dispatchFixtures(admin),
    async passTime(milliseconds) {
      const earlier = (column: string): string => `${column} = ${column} - interval '${milliseconds} milliseconds'`;
      await admin.query(
        `update kf.webhook_deliveries set ${earlier('lease_until')}, ${earlier('next_attempt_at')} where ended_at is null`,
      );
      await admin.query(
        `update kf.webhook_cursors set ${['next_due_at', 'paced_until', 'next_probe_at'].map(earlier).join(', ')}`,
      );
      // The machine's own times are numbers in its state.
      await admin.query(
        `update kf.webhook_health set evidence = (
          select jsonb_object_agg(key, case
            when key like '%Milliseconds' and jsonb_typeof(value) = 'number' then to_jsonb(value::text::numeric - ${milliseconds})
            when jsonb_typeof(value) = 'object' then (
              select jsonb_object_agg(k, case when k like '%Milliseconds' and jsonb_typeof(v) = 'number'
                then to_jsonb(v::text::numeric - ${milliseconds}) else v end) from jsonb_each(value) as inner_members (k, v))
            else value end) from jsonb_each(evidence))`,
      );
    },
    async rows(table, subscriptionId) {
      const { rows } = await admin.query(
        `select * from kf.${table} where ${table === 'webhook_attempts' ? 'delivery_id in (select id from kf.webhook_deliveries where subscription_id = $1)' : 'subscription_id = $1'} order by ${table === 'webhook_deliveries' ? 'seq' : '1'}`,
        [subscriptionId],
      );
      return rows;
    },
    async close() {
      await database.close();
      await testDatabase.drop();
    },
  };
}
