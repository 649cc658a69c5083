import { type Scope, toUuid } from '@karmanflow/schema';

/** An event to be written: the entities that it changes, by a letter of each, the first one first. */
export interface WrittenEvent {
  readonly entities: readonly string[];
  readonly type?: string;
  readonly data?: unknown;
}

/** What the fixtures need of a superuser's connection. */
export interface AdminConnection {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
}

export interface DispatchFixtures {
  /** A subscription that begins behind what there is. Settings are columns. */
  subscribe(scope: Scope, settings?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Changes columns of a subscription as a command would: the roster tells of it. */
  decide(subscriptionId: string, settings: Readonly<Record<string, unknown>>): Promise<void>;
  /** Appends events to the stream of an environment, and answers their ids. */
  write(scope: Scope, events: readonly WrittenEvent[]): Promise<string[]>;
  recover(scope: Scope, recovery: Readonly<Record<string, unknown>>): Promise<string>;
}

export function scopeOf(tenant: number, environment = 1): Scope {
  return {
    tenantId: `tnt_00000000-0000-7000-8000-${String(tenant).padStart(12, '0')}`,
    environmentId: `env_00000000-0000-7000-8000-${String(tenant * 10 + environment).padStart(12, '0')}`,
  };
}

const defaultType = 'inventory.level.set';
const zeroUuid = '00000000-0000-0000-0000-000000000000';

/** Subscriptions and events as commands and the sequencer leave them, written without either: those have tests elsewhere. */
export function dispatchFixtures(admin: AdminConnection): DispatchFixtures {
  /** What comes from commands is written without them here: their own tests are elsewhere. */
  async function insert(table: string, scope: Scope, row: Readonly<Record<string, unknown>>): Promise<void> {
    const full = { tenant_id: toUuid(scope.tenantId), environment_id: toUuid(scope.environmentId), ...row };
    const columns = Object.keys(full);
    const values = columns.map((_, at) => `$${at + 1}`).join(', ');
    await admin.query(`insert into kf.${table} (${columns.join(', ')}) values (${values})`, Object.values(full));
  }

  async function transaction<T>(work: () => Promise<T>): Promise<T> {
    await admin.query('begin');
    // Foreign keys to receipts and environments are not looked at.
    await admin.query("set local session_replication_role = 'replica'");
    const result = await work();
    await admin.query('commit');
    return result;
  }

  const entityColumns = { version: 1, created_at: 'now', updated_at: 'now', receipt_id: zeroUuid };

  function envelopeOf(scope: Scope, event: WrittenEvent & { readonly id: string }): Buffer {
    return Buffer.from(
      JSON.stringify({
        format: 'karmanflow.event/1',
        eventId: `evt_${event.id}`,
        eventType: event.type ?? defaultType,
        eventVersion: 1,
        ...scope,
        receiptId: `rcp_${zeroUuid}`,
        ordinal: 0,
        occurredAt: '2026-03-01T09:30:00.000Z',
        entities: event.entities.map((entity) => ({ type: 'thing', id: entity, version: 1 })),
        correlationId: `kfcor_${zeroUuid}`,
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        data: event.data ?? {},
      }),
    );
  }

  async function write(scope: Scope, events: readonly WrittenEvent[]): Promise<string[]> {
    const named = events.map((event) => ({ ...event, id: Bun.randomUUIDv7() }));
    const ids = named.map(({ id }) => id);
    const pair = [toUuid(scope.tenantId), toUuid(scope.environmentId)];
    const types = named.map(({ type = defaultType }) => type);
    const bodies = named.map((event) => envelopeOf(scope, event));
    await transaction(async () => {
      await admin.query(
        `insert into kf.domain_events (tenant_id, environment_id, id, type, body, hash, receipt_id)
          select $1, $2, e.id, e.type, e.body, sha256(''), $6
          from unnest($3::uuid[], $4::text[], $5::bytea[]) as e (id, type, body)`,
        [...pair, ids, types, bodies, zeroUuid],
      );
      await admin.query(
        `insert into kf.stream_events (tenant_id, environment_id, seq, event_id, event_written_in, command_receipt_id)
          select $1, $2, e.at + coalesce((select max(seq) from kf.stream_events where tenant_id = $1 and environment_id = $2), 0),
            e.id, pg_current_xact_id(), $4 from unnest($3::uuid[]) with ordinality as e (id, at)`,
        [...pair, ids, zeroUuid],
      );
    });
    return ids;
  }

  return {
    write,
    async subscribe(scope, settings = {}) {
      const [startEventId] = await write(scope, [{ entities: ['subscription'], type: 'webhook.subscription.created' }]);
      const id = Bun.randomUUIDv7();
      await transaction(async () => {
        await insert('webhook_subscriptions', scope, {
          id,
          url: 'https://hooks.example.com/',
          description: null,
          event_types: ['inventory.*'],
          ordering: 'BY_ENTITY',
          headers: '{}',
          rate_per_second: 1000,
          max_in_flight: 32,
          is_asymmetric: false,
          state: 'ENABLED',
          secret_version: 1,
          retiring_version: null,
          retiring_until: null,
          generation: 1,
          start_mode: 'FROM_NOW',
          start_seq: null,
          start_event_id: startEventId,
          health_epoch: 1,
          health: 'HEALTHY',
          health_reason: 'new',
          health_evidence: '{}',
          health_since: 'now',
          ...entityColumns,
          ...settings,
        });
        await insert('webhook_roster', scope, { subscription_id: id, status: 'LIVE', ...entityColumns });
      });
      return id;
    },
    async decide(subscriptionId, settings) {
      const names = Object.keys(settings);
      const sets = names.map((name, at) => `${name} = $${at + 2}`).join(', ');
      await transaction(async () => {
        if (names.length > 0)
          await admin.query(`update kf.webhook_subscriptions set ${sets} where id = $1`, [
            subscriptionId,
            ...Object.values(settings),
          ]);
        await admin.query('update kf.webhook_roster set version = version + 1 where subscription_id = $1', [
          subscriptionId,
        ]);
      });
    },
    async recover(scope, recovery) {
      const id = Bun.randomUUIDv7();
      await transaction(() =>
        insert('webhook_recoveries', scope, {
          id,
          delivery_id: null,
          from_seq: null,
          to_seq: null,
          event_types: [],
          only_failed: false,
          expected_count: 1000,
          status: 'RUNNING',
          done_count: 0,
          failed_count: 0,
          started_at: 'now',
          finished_at: null,
          ...entityColumns,
          ...recovery,
        }),
      );
      return id;
    },
  };
}
