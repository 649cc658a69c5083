import type { Client } from 'pg';
import { type DatabaseOptions, openDatabase } from '@karmanflow/schema';
import type { Executor, ExecutorObserver, ExecutorPorts } from '../executor/executor.ts';
import type { Outcome, StoredReceipt } from '../executor/outcome.ts';
import { createTestWorld, type RunOptions, type TestTenant, type TestWorld } from './test-tenant.ts';

export interface Level {
  readonly variantId: string;
  readonly locationId: string;
}

/** A world with one tenant, and helpers that every test of the executor needs. */
export interface StockedWorld {
  readonly world: TestWorld;
  readonly tenant: TestTenant;
  /** Opens a level of a new variant at the one location, with some units on hand. */
  stock(units: number, tenant?: TestTenant): Promise<Level>;
  reserve(level: Level, quantity: number, options?: RunOptions): Promise<Outcome>;
  levelOf(level: Level): Promise<{ onHand: number; reserved: number; version: number }>;
  /** Holds the row of a level as a stranger would, until `release`. */
  hold(level: Level): Promise<{ release(): Promise<void> }>;
  /** An executor over a pool of its own, as another process would have it. */
  neighbour(change?: Partial<ExecutorPorts>, options?: Partial<DatabaseOptions>): Executor;
  /** The administrator's connection, for looking. */
  readonly admin: Client;
  close(): Promise<void>;
}

export async function createStockedWorld(change: Partial<ExecutorPorts> = {}): Promise<StockedWorld> {
  const world = await createTestWorld(change);
  const tenant = await world.createTenant('Acme');
  const admin = await world.testDatabase.admin();
  const locations = new Map<TestTenant, Promise<string>>();
  const closing: (() => Promise<void>)[] = [];
  let count = 0;

  async function registerLocation(owner: TestTenant): Promise<string> {
    const made = await owner.succeed('inventory.register_location', { code: 'BER-1', name: 'Berlin' });
    return String(made['locationId']);
  }

  async function stock(units: number, owner = tenant): Promise<Level> {
    count += 1;
    const made = await owner.succeed('inventory.register_variant', { sku: `SKU-${count}`, name: 'Mug' });
    const place = locations.get(owner) ?? registerLocation(owner);
    locations.set(owner, place);
    const level = { variantId: String(made['variantId']), locationId: await place };
    if (units > 0) await owner.succeed('inventory.adjust', { ...level, delta: units, reason: 'received' });
    return level;
  }

  return {
    world,
    tenant,
    admin,
    stock,
    reserve: (level, quantity, options = {}) =>
      tenant.run('reservation.create', { lines: [{ ...level, quantity }] }, options),
    levelOf: async ({ variantId, locationId }) => {
      const { rows } = await admin.query(
        'select on_hand, reserved, version from kf.inventory_levels where variant_id = $1 and location_id = $2',
        [variantId.slice(4), locationId.slice(4)],
      );
      const [row] = rows;
      return { onHand: Number(row?.on_hand), reserved: Number(row?.reserved), version: Number(row?.version) };
    },
    hold: async ({ variantId, locationId }) => {
      const holder = await world.testDatabase.admin();
      await holder.query('begin');
      await holder.query('select from kf.inventory_levels where variant_id = $1 and location_id = $2 for update', [
        variantId.slice(4),
        locationId.slice(4),
      ]);
      return {
        release: async () => {
          await holder.query('rollback');
          await holder.end();
        },
      };
    },
    neighbour: (more = {}, options = {}) => {
      const database = openDatabase({
        url: world.testDatabase.urlFor('kf_command'),
        applicationName: 'kf-test-neighbour',
        ...options,
      });
      const executor = world.executorWith({ database, ...more });
      closing.push(async () => {
        await executor.drain();
        await database.close();
      });
      return executor;
    },
    close: async () => {
      await Promise.all(closing.map((close) => close()));
      await world.close();
    },
  };
}

/** The receipt of an outcome that has one. */
export function receiptOf(outcome: Outcome): StoredReceipt {
  if (outcome.kind === 'rejected') throw new Error(`${outcome.code}: ${outcome.detail}`);
  return outcome.receipt;
}

/** What a receipt says, as JSON. */
export function bodyOf(outcome: Outcome): Record<string, never> & { status: string; refusal: { code: string } | null } {
  return JSON.parse(Buffer.from(receiptOf(outcome).bytes).toString('utf8'));
}

/** One word for an outcome: the code of what was rejected or refused, or the status. */
export function wordOf(outcome: Outcome): string {
  if (outcome.kind === 'rejected') return outcome.code;
  return bodyOf(outcome).refusal?.code ?? outcome.receipt.status;
}

/** How often each word occurs among outcomes. */
export function tally(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[wordOf(outcome)] = (counts[wordOf(outcome)] ?? 0) + 1;
  return counts;
}

/** An observer that keeps what it saw. */
export function watch(): {
  observer: ExecutorObserver;
  batches: { commands: number; failed: boolean }[];
  commands: string[];
} {
  const batches: { commands: number; failed: boolean }[] = [];
  const commands: string[] = [];
  return {
    batches,
    commands,
    observer: {
      onBatch: ({ commands: size, failed }) => batches.push({ commands: size, failed }),
      onCommand: ({ type, outcome, replayed }) => commands.push(`${type} ${outcome}${replayed ? ' replayed' : ''}`),
    },
  };
}

/** Waits for a condition; throws when it does not come true within a minute, which is a ceiling and no claim of speed. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > endsAt) throw new Error('waited in vain');
    await Bun.sleep(3);
  }
}

/** Waits until so many connections of the database wait for a lock. */
export async function untilBlocked(admin: Client, count = 1): Promise<void> {
  await until(async () => {
    const { rows } = await admin.query(
      `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rows[0].n >= count;
  });
}
