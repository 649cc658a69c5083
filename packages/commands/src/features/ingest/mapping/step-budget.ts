import { ingestBounds } from '../ingest-bounds.ts';

/** What an evaluation may still cost. Everything that it consists of shares one. */
export interface StepBudget {
  /** False when there are not as many steps left, and from then on. */
  readonly take: (steps: number) => boolean;
  /** The same for elements, members and characters: `ingestBounds.unitsPerStep` of them are a step. */
  readonly takeUnits: (units: number) => boolean;
  readonly isSpent: () => boolean;
}

export function stepBudget(steps: number = ingestBounds.evaluationSteps): StepBudget {
  let left = steps;
  const take = (count: number): boolean => {
    left -= count;
    return left >= 0;
  };
  return {
    take,
    takeUnits: (units) => take(units / ingestBounds.unitsPerStep),
    isSpent: () => left < 0,
  };
}
