import { schemaName, type TableName, tableNames } from '@karmanflow/schema';
import { type Check, type Family, type Finding, notApplicable, type Saboteur } from '../harness/check.ts';
import { type Evidence, gatherEvidence } from '../harness/evidence.ts';
import { type Expectations, expectations } from '../harness/expectation.ts';
import type { Target } from '../harness/target.ts';
import { liveCatalogueOf } from '../catalogue/read-catalogue.ts';
import type { World } from '../world/world.ts';

/** What an attack works with: a target with two tenants in it, and where to say what happened. */
export interface Attack {
  readonly target: Target;
  readonly world: World;
  readonly evidence: Evidence;
  readonly expect: Expectations;
  /** The tables that exist, as far as the target's focus reaches. */
  readonly tables: readonly TableName[];
}

export interface AttackText {
  readonly id: `${Family}.${string}`;
  readonly claim: string;
  readonly mechanism: string;
  /** The cases that must each have been tried at least once. */
  readonly cases: readonly string[];
  /** Also runs statements as superuser or owner. */
  readonly administrator?: true;
  run(attack: Attack): Promise<void>;
  readonly saboteurs: readonly Saboteur[];
}

/** A check that tries what must not work, against the tenants that the seed made. */
export function attackCheck({ run, cases, administrator, ...text }: AttackText): Check {
  return {
    ...text,
    cases,
    family: text.id.slice(0, text.id.indexOf('.')) as Family, // The type of `id` says so.
    subject: 'behaviour',
    async run(target): Promise<Finding> {
      if (target.world === null) return notApplicable('needs a throwaway database with two seeded tenants');
      if (administrator && target.adminUrl === null) return notApplicable('needs an administrator');
      const evidence = gatherEvidence();
      const tables = await liveTables(target, evidence);
      await run({ target, world: target.world, evidence, expect: expectations(evidence), tables });
      return evidence.finding(target.focus === null ? cases : []);
    },
  };
}

/** Attacks go by the tables that exist; of one that nobody declared, nothing can be expected. */
async function liveTables(target: Target, evidence: Evidence): Promise<readonly TableName[]> {
  const { relations } = await liveCatalogueOf(target);
  const live = relations.filter(({ schema, kind }) => schema === schemaName && kind === 'r').map(({ name }) => name);
  for (const name of live) {
    if (!tableNames.some((known) => known === name))
      evidence.violation(`${name} is not in the registry: nothing is known about its rows`);
  }
  return tableNames.filter((name) => live.includes(name) && (target.focus?.includes(name) ?? true));
}
