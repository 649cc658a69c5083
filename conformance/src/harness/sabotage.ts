import type { TableName } from '@karmanflow/schema';
import type { Saboteur } from './check.ts';

interface SabotageText {
  readonly name: string;
  readonly mentions: string;
  readonly tables?: readonly TableName[];
}

/** A saboteur that changes a throwaway database for good, as a superuser. */
export function sabotage(text: SabotageText, ...statements: readonly string[]): Saboteur {
  return {
    ...text,
    apply: (target) => target.asAdmin(async (admin) => void (await admin.query(statements.join(';\n')))),
  };
}
