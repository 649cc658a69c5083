import { type Attack, attackCheck } from '../attacks/attack-check.ts';
import * as fc from 'fast-check';
import type { Check, Saboteur } from '../harness/check.ts';
import { sabotage } from '../harness/sabotage.ts';
import { asRole, type Outcome, refusalOf } from '../harness/session.ts';
import { insertRows } from '../world/seed-world.ts';
import { insertOf } from '../world/statements.ts';
import type { SeedRow } from '../world/row-of.ts';
import { homeOf, newRow, type Place, type World } from '../world/world.ts';
import { type Cast, statementOf } from './statement-of.ts';
import { describeStep, type Scenario, scenarios } from './step.ts';
import { newEnvironment, newTenant, type Stranger } from './stranger.ts';

const role = 'kf_command';

export interface TwoWorldsOptions {
  /** The same seed gives the same traces. */
  readonly seed: number;
  readonly runs: number;
}

/** Everything that A learns from a statement: rows, their number, or the whole text of the refusal. */
function observed(outcome: Outcome): string {
  return JSON.stringify(outcome.refused ?? { rowCount: outcome.rowCount, rows: outcome.rows });
}

interface Run {
  readonly attack: Attack;
  readonly scenario: Scenario;
  readonly cast: Cast;
  /** The receipt of A's transaction, in each of its places. */
  readonly receipts: readonly { readonly place: Place; readonly row: SeedRow }[];
}

function castFor(attack: Attack, scenario: Scenario, makeStranger: MakeStranger): Run {
  const { world } = attack;
  const receiptId = world.newId();
  const cast: Cast = { world, stranger: makeStranger(world), nobody: makeStranger(world).rows, receiptId };
  const receipts = [world.control, world.here].map((place) => {
    const row = newRow(world, 'command_receipts', { place, receiptId: '', values: { id: receiptId } });
    // Both would have the same idempotency key, which is the tenant's.
    return { place, row: { ...row, idempotency_key_hash: null } };
  });
  return { attack, scenario, cast, receipts };
}

/** A takes its steps in one transaction that is rolled back; `meanwhile` runs between two of them. */
async function observe({ attack, scenario, cast, receipts }: Run, meanwhile?: () => Promise<void>): Promise<string[]> {
  return asRole(attack.target, role, async (session) => {
    let current: Place | null = null;
    const enter = async (place: Place): Promise<void> => {
      if (current !== place) await session.enter(place);
      current = place;
    };
    for (const { place, row } of receipts) {
      await enter(place);
      const { sql, values } = insertOf('command_receipts', row);
      await session.perform(sql, values);
    }
    const seen: string[] = [];
    for (const [position, step] of scenario.steps.entries()) {
      if (meanwhile && position === Math.min(scenario.before, scenario.steps.length - 1)) await meanwhile();
      await enter(homeOf(cast.world, step.table));
      const { sql, values } = statementOf(step, position, cast);
      seen.push(observed(await session.attempt(sql, values)));
    }
    return seen;
  });
}

async function arrive({ target }: Attack, { arrival }: Stranger): Promise<void> {
  await target.asAdmin(async (admin) => {
    // Waiting for A would be interference too: the stranger gives up at once.
    const settings = ["SET LOCAL lock_timeout = '500ms'"];
    for (const part of arrival) await insertRows(admin, { ...part, settings });
  });
}

/** The first place at which two observations part, with what stands around it. */
function partingOf(one: string, other: string): string {
  let position = 0;
  while (position < one.length && one[position] === other[position]) position += 1;
  const around = (text: string): string => text.slice(Math.max(0, position - 30), position + 60);
  return `"…${around(one)}…" without the stranger, "…${around(other)}…"`;
}

/** Null when all observations agree, or the first statement that tells the worlds apart and the trace that led to it. */
async function difference(run: Run): Promise<string | null> {
  const { attack, scenario } = run;
  const alone = await observe(run);
  attack.evidence.see('statements compared', alone.length * 2);
  let interleaved: string[];
  try {
    interleaved = await observe(run, () => arrive(attack, run.cast.stranger));
  } catch (error) {
    const { sqlState, message, where } = refusalOf(error);
    return `the stranger could not arrive while A was at work: ${sqlState} ${message} ${where ?? ''}`;
  }
  const together = await observe(run);
  for (const [position, step] of scenario.steps.entries()) {
    const first = alone[position] ?? '';
    const [during, after] = [interleaved[position] ?? '', together[position] ?? ''];
    if (first === during && first === after) continue;
    const when = first === during ? 'after it arrived' : 'while it arrived';
    const trace = scenario.steps.slice(0, position).map(describeStep).join('; ');
    return `${describeStep(step)}: ${partingOf(first, first === during ? after : during)} ${when}; before: ${trace || 'nothing'}`;
  }
  return null;
}

type MakeStranger = (world: World) => Stranger;

interface Flavour {
  readonly id: Check['id'];
  readonly claim: string;
  readonly scope: 'every table' | 'environment';
  readonly makeStranger: MakeStranger;
  readonly saboteurs: readonly Saboteur[];
}

function twoWorldsCheck(
  { id, claim, scope, makeStranger, saboteurs }: Flavour,
  { seed, runs }: TwoWorldsOptions,
): Check {
  return attackCheck({
    id,
    claim,
    mechanism:
      'non-interference: random traces of A are run without the stranger, while it arrives, and beside it; all that A sees must be equal',
    administrator: true,
    cases: ['statements compared'],
    saboteurs,
    async run(attack) {
      attack.evidence.note(`seed ${seed}, ${runs} traces`);
      const property = fc.asyncProperty(scenarios(scope, attack.tables), async (scenario) => {
        const found = await difference(castFor(attack, scenario, makeStranger));
        if (found !== null) throw new Error(found);
      });
      // Not shrunk: a stranger that has arrived stays, and the trace up to the difference is short enough to read.
      const result = await fc.check(property, { seed, numRuns: runs, endOnFailure: true });
      if (!result.failed) return;
      const said = result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance);
      attack.evidence.violation(`[seed ${seed}, path ${result.counterexamplePath}] ${said}`);
    },
  });
}

export function twoWorldsChecks(options: TwoWorldsOptions): readonly Check[] {
  const tenants: Flavour = {
    id: 'tenancy.two-worlds',
    claim:
      'Nothing that a tenant can see through its tables differs between a world with another tenant in it and one without.',
    scope: 'every table',
    makeStranger: newTenant,
    saboteurs: [
      sabotage(
        { name: 'one table shows every row', mentions: 'variants', tables: ['variants', 'locations'] },
        'ALTER POLICY scope_select ON kf.variants USING (true)',
      ),
      sabotage(
        { name: 'a unique key spans all tenants', mentions: 'variants', tables: ['variants', 'locations'] },
        "CREATE UNIQUE INDEX ON kf.variants (sku) WHERE sku LIKE 'stranger%'",
      ),
      sabotage(
        { name: 'a foreign key is the id alone', mentions: 'reservations', tables: ['reservations'] },
        'CREATE UNIQUE INDEX loose_target ON kf.sales_channels (id)',
        'ALTER TABLE kf.reservations DROP CONSTRAINT reservations_sales_channel_id_fkey',
        'ALTER TABLE kf.reservations ADD FOREIGN KEY (sales_channel_id) REFERENCES kf.sales_channels (id)',
      ),
    ],
  };
  const environments: Flavour = {
    id: 'environment-scope.two-worlds',
    claim:
      'Nothing that one environment can see through its tables differs between a world with another environment in it and one without.',
    scope: 'environment',
    makeStranger: newEnvironment,
    saboteurs: [
      sabotage(
        { name: 'a select policy forgets the environment', mentions: 'variants', tables: ['variants', 'locations'] },
        "ALTER POLICY scope_select ON kf.variants USING (tenant_id = nullif(current_setting('kf.tenant_id', true), '')::uuid)",
      ),
      sabotage(
        { name: 'a unique key spans environments', mentions: 'variants', tables: ['variants', 'locations'] },
        "CREATE UNIQUE INDEX ON kf.variants (tenant_id, sku) WHERE sku LIKE 'stranger%'",
      ),
    ],
  };
  return [twoWorldsCheck(tenants, options), twoWorldsCheck(environments, options)];
}
