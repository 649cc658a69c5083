import { checksOf, tableNames } from '@karmanflow/schema';
import type { Check } from '../../harness/check.ts';
import { compareSets, conditionCheck, supposing } from '../catalogue-check.ts';

const checksDeclared = conditionCheck({
  id: 'tenancy.checks-declared',
  claim:
    'Each table has exactly the declared CHECK constraints, all of them validated: closed lists, hash lengths, quantities that never go below zero.',
  mechanism: 'pg_constraint against checksOf(), both as Postgres prints them',
  judge(live, evidence, normal) {
    const checks = live.constraints.filter(({ type }) => type === 'c');
    compareSets(evidence, 'check', {
      declared: tableNames.flatMap((table) =>
        Object.entries(checksOf(table)).map(([name, condition]) => `${table}_${name}: ${normal(table, condition)}`),
      ),
      live: checks.map(({ name, condition }) => `${name}: ${condition}`),
    });
    for (const { name, validated, enforced } of checks) {
      if (!validated || !enforced) evidence.violation(`${name} is not ${enforced ? 'validated' : 'enforced'}`);
    }
  },
  saboteurs: [
    supposing(
      { name: 'a check is dropped', mentions: 'never_oversold' },
      'ALTER TABLE kf.inventory_levels DROP CONSTRAINT inventory_levels_never_oversold',
    ),
    supposing(
      { name: 'a check is weakened', mentions: 'reserved_not_negative' },
      'ALTER TABLE kf.inventory_levels DROP CONSTRAINT inventory_levels_reserved_not_negative',
      'ALTER TABLE kf.inventory_levels ADD CONSTRAINT inventory_levels_reserved_not_negative CHECK (reserved >= -1)',
    ),
    supposing(
      { name: 'a check was never validated', mentions: 'not validated' },
      'ALTER TABLE kf.inventory_levels DROP CONSTRAINT inventory_levels_reserved_not_negative',
      'ALTER TABLE kf.inventory_levels ADD CONSTRAINT inventory_levels_reserved_not_negative CHECK (reserved >= 0) NOT VALID',
    ),
    supposing(
      { name: 'rows of the control plane may stand anywhere', mentions: 'control_only' },
      'ALTER TABLE kf.api_keys DROP CONSTRAINT api_keys_control_only',
    ),
  ],
});

export const conditionRules: readonly Check[] = [checksDeclared];
