import type { Client } from 'pg';
import { databaseSaboteurs } from './database-saboteurs.ts';
import { historySaboteurs } from './history-saboteurs.ts';
import type { ReportLine } from './report.ts';
import type { Damage, Saboteur } from './saboteur.ts';
import { allChecks } from './verify/all-checks.ts';
import { runCheck } from './verify/check.ts';
import { readDatabase } from './verify/database-image.ts';
import { alterEvidence, type Evidence } from './verify/evidence.ts';

const saboteurs: readonly Saboteur[] = [...databaseSaboteurs, ...historySaboteurs];

/**
 * Proves each check able to fail: damages a copy of the history, or the database inside a transaction that is rolled
 * back, and runs the check on what is there then. `client` is a superuser; nobody else may be at work.
 */
export async function runSaboteurs(options: { client: Client; evidence: Evidence }): Promise<ReportLine[]> {
  const { client, evidence } = options;
  const lines: ReportLine[] = [];
  for (const saboteur of saboteurs) {
    const damage = saboteur.damage(evidence);
    const damaged = damage && (await damagedEvidence(client, { damage, evidence }));
    const result = damaged ? runCheck(saboteur.check, damaged) : null;
    lines.push({
      name: `saboteur: ${saboteur.name}`,
      isPassed: result !== null && result.problems.length > 0,
      detail: result?.problems[0]?.slice(0, 100) ?? 'not reported',
      problems: damaged ? [] : ['there was nothing to damage'],
    });
  }
  const unproven = allChecks.filter((check) => !saboteurs.some((saboteur) => saboteur.check === check));
  lines.push({
    name: 'each check has a saboteur',
    isPassed: unproven.length === 0,
    detail: `${allChecks.length} checks, ${saboteurs.length} saboteurs`,
    problems: unproven.map(({ name }) => name),
  });
  return lines;
}

/** The evidence as it would be after the damage. The database is left as it was. */
async function damagedEvidence(
  client: Client,
  { damage, evidence }: { damage: Damage; evidence: Evidence },
): Promise<Evidence> {
  if (damage.kind === 'history') return alterEvidence(evidence, { history: damage.history });
  const { table, statement, values } = damage;
  await client.query('BEGIN');
  try {
    // Foreign keys are triggers too, of the kind that this switches off; ours stay in force and are named for it.
    await client.query('SET LOCAL session_replication_role = replica');
    await client.query(`ALTER TABLE kf.${table} DISABLE TRIGGER USER`);
    const { rowCount } = await client.query(statement, [...values]);
    if (!rowCount) throw new Error(`the damage touched nothing: ${statement}`);
    return alterEvidence(evidence, { image: await readDatabase(client, { known: evidence.image, tables: [table] }) });
  } finally {
    await client.query('ROLLBACK');
  }
}
