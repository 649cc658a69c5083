import { type Check, type Family, type Finding, notApplicable, type Saboteur } from '../harness/check.ts';
import { type Evidence, gatherEvidence } from '../harness/evidence.ts';
import type { LiveCatalogue } from './live-catalogue.ts';
import { type NormalForms, normalFormsOf } from './normal-forms.ts';
import { liveCatalogueOf } from './read-catalogue.ts';

interface RuleText {
  readonly id: `${Family}.${string}`;
  readonly claim: string;
  readonly mechanism: string;
  readonly saboteurs: readonly Saboteur[];
}

export interface Rule extends RuleText {
  judge(live: LiveCatalogue, evidence: Evidence): void;
}

export interface RuleOfConditions extends RuleText {
  judge(live: LiveCatalogue, evidence: Evidence, normal: NormalForms): void;
}

const familyOf = (id: string): Family => id.slice(0, id.indexOf('.')) as Family; // The type of `id` says so.

/** A rule that reads what is declared, and nothing else. */
export function catalogueCheck({ judge, ...rule }: Rule): Check {
  return {
    ...rule,
    family: familyOf(rule.id),
    subject: 'catalogue',
    async run(target): Promise<Finding> {
      const evidence = gatherEvidence();
      judge(await liveCatalogueOf(target), evidence);
      return evidence.finding();
    },
  };
}

/** A rule that compares conditions as Postgres understands them, for which a twin of each table has to be made. */
export function conditionCheck({ judge, ...rule }: RuleOfConditions): Check {
  return {
    ...rule,
    family: familyOf(rule.id),
    subject: 'catalogue',
    async run(target): Promise<Finding> {
      if (target.adminUrl === null) return notApplicable('needs an administrator, who may create the twin tables');
      const evidence = gatherEvidence();
      const live = await liveCatalogueOf(target);
      judge(live, evidence, await target.catalogue(normalFormsOf));
      return evidence.finding();
    },
  };
}

/** Both ways: what is declared is there, and nothing else is. */
export function compareSets(
  evidence: Evidence,
  what: string,
  sets: { readonly declared: Iterable<string>; readonly live: Iterable<string> },
): void {
  const declared = new Set(sets.declared);
  const live = new Set(sets.live);
  evidence.see(what, live.size);
  for (const name of declared) if (!live.has(name)) evidence.violation(`${what} missing: ${name}`);
  for (const name of live) if (!declared.has(name)) evidence.violation(`${what} undeclared: ${name}`);
}

interface SabotageText {
  readonly name: string;
  readonly mentions: string;
}

/**
 * A saboteur for rules that read the catalogue: its statements run as a superuser in the transaction of the reading and
 * vanish with it. So also roles, which every database of a cluster shares, can be sabotaged without anyone noticing.
 */
export function supposing({ name, mentions }: SabotageText, ...statements: readonly string[]): Saboteur {
  return {
    name,
    mentions,
    async apply(target) {
      target.hypotheses.push(...statements);
    },
  };
}
