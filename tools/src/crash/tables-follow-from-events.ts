import { compareTablesWithEvents } from '@karmanflow/commands/testing';
import { withClient } from '@karmanflow/schema/testing';
import type { ReportLine } from './report.ts';

const copyName = 'kf_crash_sabotaged';
const damage =
  'UPDATE kf.reservations SET extensions = extensions + 1 WHERE id = (SELECT id FROM kf.reservations LIMIT 1)';

/**
 * The events are the whole truth: folded from nothing they give every row of the tables. Then the same on a copy of the
 * database in which one row was changed behind the events' back, which has to be noticed. Nobody else may be connected.
 */
export async function checkTables(adminUrl: string): Promise<ReportLine[]> {
  const name = 'tables equal the events folded from nothing';
  const whole = await compare(adminUrl);
  const copyUrl = new URL(adminUrl);
  copyUrl.pathname = `/${copyName}`;
  const copied = new URL(adminUrl).pathname.slice(1);
  const elsewhere = new URL(adminUrl);
  elsewhere.pathname = '/template1';
  // Only a database that nobody uses can be copied, so this is asked for from another one.
  await withClient(elsewhere.href, (client) => client.query(`CREATE DATABASE ${copyName} TEMPLATE ${copied}`));
  const isDamaged = await withClient(copyUrl.href, async (client) => {
    // As the replication worker, whom no foreign key stops, in a table whose own trigger does not mind an update.
    await client.query('SET session_replication_role = replica');
    return (await client.query(damage)).rowCount === 1;
  });
  const { problems } = await compare(copyUrl.href);
  return [
    {
      name,
      isPassed: whole.rows > 0 && whole.problems.length === 0,
      detail: `${whole.rows} looked at`,
      problems: whole.problems,
    },
    {
      name: 'saboteur: a row is changed without an event',
      isPassed: isDamaged && problems.length === 1,
      detail: problems[0] ?? 'not reported',
      problems: isDamaged ? [] : ['there was nothing to damage'],
    },
  ];
}

async function compare(adminUrl: string): Promise<{ rows: number; problems: readonly string[] }> {
  try {
    const { differences, rows } = await compareTablesWithEvents({ adminUrl });
    const problems = differences.map(
      ({ table, key, column, fromEvents, inTable }) =>
        `${table} ${key}: ${column ?? 'the row'} is ${inTable}, the events give ${fromEvents}`,
    );
    return { rows, problems };
  } catch (error) {
    // It throws when the events themselves are not whole.
    return { rows: 0, problems: [String(error)] };
  }
}
