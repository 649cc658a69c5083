import type { TableName } from '@karmanflow/schema';
import type { HistoryRecord } from './history.ts';
import type { Check } from './verify/check.ts';
import type { Evidence } from './verify/evidence.ts';

/** Damage that some check has to notice: one statement on the database, or another history. */
export type Damage =
  | {
      readonly kind: 'database';
      readonly table: TableName;
      readonly statement: string;
      readonly values: readonly unknown[];
    }
  | { readonly kind: 'history'; readonly history: readonly HistoryRecord[] };

export interface Saboteur {
  readonly name: string;
  /** The check that must turn red. */
  readonly check: Check;
  /** Chooses what to damage in evidence that is whole. Null when it finds nothing of the kind. */
  readonly damage: (evidence: Evidence) => Damage | null;
}
