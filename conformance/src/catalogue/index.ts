import type { Check } from '../harness/check.ts';
import { columnRules } from './rules/columns.ts';
import { committedSchemaRules } from './rules/committed-schema.ts';
import { conditionRules } from './rules/conditions.ts';
import { foreignKeyRules } from './rules/foreign-keys.ts';
import { keyRules } from './rules/keys.ts';
import { privilegeRules } from './rules/privileges.ts';
import { roleRules } from './rules/roles.ts';
import { rowSecurityRules } from './rules/row-security.ts';
import { tableRules } from './rules/tables.ts';
import { triggerRules } from './rules/triggers.ts';

/** Everything that can be read off the catalogue. */
export const catalogueChecks: readonly Check[] = [
  ...tableRules,
  ...columnRules,
  ...rowSecurityRules,
  ...privilegeRules,
  ...roleRules,
  ...keyRules,
  ...foreignKeyRules,
  ...conditionRules,
  ...triggerRules,
  ...committedSchemaRules,
];
