import {
  compareScope,
  HistoryNotWhole,
  registry,
  type TableComparison,
  type TableDifference,
} from '@karmanflow/commands';
import { compareTablesWithEvents } from '@karmanflow/commands/testing';
import { readExtents } from '@karmanflow/events';
import { controlEnvironmentOf, type Database, type Id, toId, toUuid } from '@karmanflow/schema';

/** What was compared, and where the tables do not follow from the events. */
export interface ReplayCheck extends TableComparison {
  /** Environments whose events are not whole, with what is wrong. */
  readonly unreadable: readonly string[];
  readonly environments: number;
}

/** Rebuilds all tables of all tenants in memory, and compares them. For an administrator who sees all rows. */
export async function replayEverything(adminUrl: string): Promise<ReplayCheck> {
  try {
    return { ...(await compareTablesWithEvents({ adminUrl })), unreadable: [], environments: 0 };
  } catch (error) {
    if (!(error instanceof HistoryNotWhole)) throw error;
    return { differences: [], events: 0, rows: 0, unreadable: [error.message], environments: 0 };
  }
}

/**
 * The same without an administrator: the sequencer's role knows which tenants there are, and the reading role reads one
 * environment after the other. Tenants of whom nothing was sequenced yet are not among them.
 */
export async function replayByScope(databases: {
  /** Of the role kf_sequencer. */
  readonly sequencer: Database;
  /** Of the role kf_read. */
  readonly read: Database;
}): Promise<ReplayCheck> {
  const checked = { differences: [] as TableDifference[], events: 0, rows: 0, environments: 0 };
  const unreadable: string[] = [];
  for (const tenantId of await tenantsIn(databases.sequencer)) {
    for (const environmentId of await environmentsIn(databases.read, tenantId)) {
      checked.environments += 1;
      try {
        const compared = await compareScope(databases.read, { scope: { tenantId, environmentId }, registry });
        checked.differences.push(...compared.differences);
        checked.events += compared.events;
        checked.rows += compared.rows;
      } catch (error) {
        if (!(error instanceof HistoryNotWhole)) throw error;
        unreadable.push(`${environmentId}: ${error.message}`);
      }
    }
  }
  return { ...checked, unreadable };
}

const differencesShown = 50;

/** The outcome in words, and whether everything follows from the events. A comparison of nothing does not count. */
export function describeReplay(check: ReplayCheck): { readonly isSound: boolean; readonly text: string } {
  const { differences, unreadable, events, rows, environments } = check;
  const where = environments > 0 ? ` of ${environments} environments` : '';
  const lines = [
    `${events} events${where} folded from nothing, ${rows} rows compared column by column.`,
    ...unreadable.map((one) => `✗ the events are not whole: ${one}`),
    ...differences.slice(0, differencesShown).map(({ table, key, column, fromEvents, inTable }) => {
      const whole = inTable === null ? 'the events give a row that is gone' : 'no event made this row';
      return `✗ ${table} ${key}: ${column === null ? whole : `${column} is ${inTable}, the events give ${fromEvents}`}`;
    }),
  ];
  if (differences.length > differencesShown) lines.push(`✗ and ${differences.length - differencesShown} more`);
  const isSound = differences.length === 0 && unreadable.length === 0 && rows > 0;
  if (isSound) lines.push('✓ The tables are what the events say.');
  else if (rows === 0 && unreadable.length === 0) lines.push('✗ There was nothing to compare.');
  return { isSound, text: lines.join('\n') };
}

async function tenantsIn(database: Database): Promise<readonly Id<'tenant'>[]> {
  const tenants: Id<'tenant'>[] = [];
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof readExtents>> = await database.connection((connection) =>
      readExtents(connection, after),
    );
    tenants.push(...page.extents.map(({ tenantId }) => toId('tenant', tenantId)));
    after = page.next;
  } while (after !== null);
  return tenants;
}

async function environmentsIn(database: Database, tenantId: Id<'tenant'>): Promise<readonly Id<'environment'>[]> {
  const control = controlEnvironmentOf(tenantId);
  const rows = await database.read({ tenantId, environmentId: control }, (db) =>
    db.selectFrom('environments').select('id').where('tenant_id', '=', toUuid(tenantId)).execute(),
  );
  return [...new Set([control, ...rows.map(({ id }) => toId('environment', id))])];
}
