import type { AnyCommand } from '@karmanflow/commands';
import type { Saboteur } from '../harness/check.ts';
import type { Governed, RuleLists } from '../governance/governed.ts';
import { withCommand } from '../surface/loosened-registry.ts';

interface SaboteurText {
  readonly name: string;
  readonly mentions: string;
}

/** The API, and the executor behind it, with one command changed. */
export function replacedCommand(
  text: SaboteurText,
  { type, change }: { readonly type: string; readonly change: (command: AnyCommand) => AnyCommand },
): Saboteur<Governed> {
  return {
    ...text,
    apply: async ({ recompose }) => recompose({ registry: (registry) => withCommand(registry, type, change) }),
  };
}

interface RuleChange {
  readonly list: keyof RuleLists;
  readonly rule: string;
  /** Null: the rule is gone. */
  readonly change: (rule: RuleLists[keyof RuleLists][number]) => RuleLists[keyof RuleLists][number] | null;
}

/** Policy with one rule changed or gone. Throws when there is no such rule: it would then change nothing. */
export function replacedRule(text: SaboteurText, { list, rule, change }: RuleChange): Saboteur<Governed> {
  return {
    ...text,
    apply: (governed) =>
      governed.changeRules((rules) => {
        const at = rules[list].findIndex(({ name }) => name === rule);
        const found = rules[list][at];
        if (!found) throw new Error(`${list} has no rule ${rule}`);
        const changed = change(found);
        rules[list].splice(at, 1, ...(changed === null ? [] : [changed]));
      }),
  };
}
