import type { Id } from '@karmanflow/schema';
import type { AllocationStrategy } from '../inventory/index.ts';

/** A line of a reservation: where its units are reserved now. */
export interface ReservedLine {
  /** From 1. */
  readonly lineNumber: number;
  readonly variantId: Id<'variant'>;
  readonly locationId: Id<'location'>;
  readonly quantity: number;
}

/** What is to be planned. Candidates stand in the order in which they win against their equals. */
export interface AllocationTask {
  readonly lines: readonly ReservedLine[];
  readonly candidates: readonly Id<'location'>[];
  /** Units of a variant that may be allocated at a location for these lines, those included that they hold there. */
  readonly capacityOf: (variantId: Id<'variant'>, locationId: Id<'location'>) => number;
}

/** Units of a line at a location; a line may be in several parts. */
export type PlannedPart = ReservedLine;

export type AllocationPlan =
  | { readonly kind: 'planned'; readonly parts: readonly PlannedPart[] }
  | {
      readonly kind: 'insufficient';
      readonly variantId: Id<'variant'>;
      readonly quantity: number;
      readonly available: number;
    };

/**
 * Finds locations for every unit of the lines, or says of which variant there is too little. Pure; the same task has the
 * same plan.
 *
 * reserved_location  each line where it is reserved, which never takes anything from anybody
 * fewest_locations   as few locations as possible where one or two are enough; beyond that, the location that can send
 *                    most of what is left, again and again
 * most_available     each line where most is left, so that stock evens out
 */
export function planAllocation(strategy: AllocationStrategy, task: AllocationTask): AllocationPlan {
  if (strategy === 'reserved_location') return { kind: 'planned', parts: task.lines };
  const demand = demandOf(task.lines);
  const short = firstShortage(task, demand);
  if (short) return short;
  const chosen = strategy === 'fewest_locations' ? fewestLocations(task, demand) : task.candidates;
  return { kind: 'planned', parts: fill({ ...task, candidates: chosen }, strategy) };
}

type Demand = ReadonlyMap<Id<'variant'>, number>;

/** The demand of each variant, in the order in which the lines name them. */
function demandOf(lines: readonly ReservedLine[]): Demand {
  const demand = new Map<Id<'variant'>, number>();
  for (const { variantId, quantity } of lines) demand.set(variantId, (demand.get(variantId) ?? 0) + quantity);
  return demand;
}

function availableAt(task: AllocationTask, variantId: Id<'variant'>): number {
  return task.candidates.reduce((sum, locationId) => sum + task.capacityOf(variantId, locationId), 0);
}

function firstShortage(task: AllocationTask, demand: Demand): AllocationPlan | null {
  for (const [variantId, quantity] of demand) {
    const available = availableAt(task, variantId);
    if (available < quantity) return { kind: 'insufficient', variantId, quantity, available };
  }
  return null;
}

/** Called where all candidates together have enough. */
function fewestLocations(task: AllocationTask, demand: Demand): readonly Id<'location'>[] {
  const suffice = (candidates: readonly Id<'location'>[]): boolean =>
    firstShortage({ ...task, candidates }, demand) === null;
  const { candidates } = task;
  for (const one of candidates) if (suffice([one])) return [one];
  for (const [at, one] of candidates.entries()) {
    for (const other of candidates.slice(at + 1)) if (suffice([one, other])) return [one, other];
  }
  return greedyLocations(task, demand);
}

function greedyLocations(task: AllocationTask, demand: Demand): readonly Id<'location'>[] {
  const left = new Map(demand);
  const chosen: Id<'location'>[] = [];
  while ([...left.values()].some((quantity) => quantity > 0)) {
    const open = task.candidates.filter((one) => !chosen.includes(one));
    const best = largest(open, (locationId) =>
      [...left].reduce(
        (sum, [variantId, quantity]) => sum + Math.min(quantity, task.capacityOf(variantId, locationId)),
        0,
      ),
    );
    if (best === undefined) break;
    chosen.push(best);
    for (const [variantId, quantity] of left) {
      left.set(variantId, Math.max(0, quantity - task.capacityOf(variantId, best)));
    }
  }
  return chosen;
}

/** The first of those for which the number is the largest. */
function largest<T>(items: readonly T[], sizeOf: (item: T) => number): T | undefined {
  let best: { item: T; size: number } | undefined;
  for (const item of items) {
    const size = sizeOf(item);
    if (!best || size > best.size) best = { item, size };
  }
  return best?.item;
}

/** Gives each line its units out of the candidates, which have enough of every variant together. */
function fill(task: AllocationTask, strategy: AllocationStrategy): PlannedPart[] {
  const left = new Map<string, number>();
  const leftAt = (variantId: Id<'variant'>, locationId: Id<'location'>): number =>
    left.get(`${variantId}:${locationId}`) ?? task.capacityOf(variantId, locationId);
  return task.lines.flatMap((line) => {
    const { variantId } = line;
    const parts: PlannedPart[] = [];
    for (let missing = line.quantity; missing > 0;) {
      const locationId = pick(task.candidates, { strategy, missing, leftAt: (at) => leftAt(variantId, at) });
      if (locationId === undefined) throw new Error('a plan for which there is not enough');
      const here = leftAt(variantId, locationId);
      const quantity = Math.min(missing, here);
      left.set(`${variantId}:${locationId}`, here - quantity);
      parts.push({ ...line, locationId, quantity });
      missing -= quantity;
    }
    return parts;
  });
}

/** Where the rest of a line goes next: whole where it can, if few locations matter; else where most is left. */
function pick(
  candidates: readonly Id<'location'>[],
  want: {
    readonly strategy: AllocationStrategy;
    readonly missing: number;
    readonly leftAt: (locationId: Id<'location'>) => number;
  },
): Id<'location'> | undefined {
  const { strategy, missing, leftAt } = want;
  const whole = strategy === 'fewest_locations' ? candidates.find((one) => leftAt(one) >= missing) : undefined;
  return (
    whole ??
    largest(
      candidates.filter((one) => leftAt(one) > 0),
      leftAt,
    )
  );
}
