/**
 * What the whole of inventory, reservation, allocation, oversell policy and approvals means for one environment, in as few
 * lines as possible and without any of their code: plain numbers, no events, no database. It is what they are compared with.
 */
export interface ModelLevel {
  onHand: number;
  reserved: number;
  allocated: number;
  limit: number;
}

interface ModelReservation {
  readonly lines: readonly ModelLine[];
  status: 'ACTIVE' | 'COMMITTED' | 'CANCELLED';
  isAllocated: boolean;
}

/** A level is a number: which of the environment's few. */
export interface ModelLine {
  readonly level: number;
  readonly quantity: number;
}

export type Paused =
  | { readonly do: 'cancel'; readonly which: number }
  | { readonly do: 'limit'; readonly level: number; readonly units: number };

export type ModelStep =
  | { readonly do: 'adjust'; readonly level: number; readonly delta: number }
  | { readonly do: 'reserve'; readonly lines: readonly ModelLine[] }
  | { readonly do: 'commit'; readonly which: number }
  | { readonly do: 'allocate'; readonly which: number }
  | Paused
  | { readonly do: 'approve' | 'deny'; readonly which: number };

const atp = (level: ModelLevel): number => level.onHand - level.reserved - level.allocated + level.limit;

export class ReferenceModel {
  readonly levels: ModelLevel[];
  readonly reservations: ModelReservation[] = [];
  readonly requests: { readonly paused: Paused; isOpen: boolean }[] = [];

  constructor(options: { levels: number; onHand: number }) {
    const { levels, onHand } = options;
    this.levels = Array.from({ length: levels }, () => ({ onHand, reserved: 0, allocated: 0, limit: 0 }));
  }

  /** How the step ends, in the words of the system: a status, or the code of a refusal. */
  run(step: ModelStep): string {
    switch (step.do) {
      case 'adjust': {
        const level = this.#level(step.level);
        if (level.onHand + step.delta < 0) return 'on_hand_insufficient';
        level.onHand += step.delta;
        return 'SUCCEEDED';
      }
      case 'reserve':
        return this.#reserve(step.lines);
      case 'commit': {
        const held = this.reservations[step.which];
        if (held?.status !== 'ACTIVE') return 'reservation_not_active';
        held.status = 'COMMITTED';
        return 'SUCCEEDED';
      }
      case 'allocate':
        return this.#allocate(step.which);
      case 'cancel':
      case 'limit':
        this.requests.push({ paused: step, isOpen: true });
        return 'PENDING_APPROVAL';
      case 'approve':
      case 'deny':
        return this.#decide(step);
    }
  }

  /** Units beyond what policy allows: none, unless a human took stock or a limit away that was promised before. */
  oversold(): number {
    return this.levels.reduce((sum, level) => sum + Math.max(0, -atp(level)), 0);
  }

  #level(index: number): ModelLevel {
    const level = this.levels[index];
    if (!level) throw new Error(`no level ${index}`);
    return level;
  }

  #reserve(lines: readonly ModelLine[]): string {
    const wanted = new Map<number, number>();
    for (const { level, quantity } of lines) wanted.set(level, (wanted.get(level) ?? 0) + quantity);
    for (const [level, quantity] of wanted) if (atp(this.#level(level)) < quantity) return 'stock_insufficient';
    for (const { level, quantity } of lines) this.#level(level).reserved += quantity;
    this.reservations.push({ lines, status: 'ACTIVE', isAllocated: false });
    return 'SUCCEEDED';
  }

  #allocate(which: number): string {
    const held = this.reservations[which];
    if (held?.status !== 'COMMITTED') return 'reservation_not_committed';
    if (held.isAllocated) return 'reservation_allocated';
    for (const { level, quantity } of held.lines) {
      this.#level(level).reserved -= quantity;
      this.#level(level).allocated += quantity;
    }
    held.isAllocated = true;
    return 'SUCCEEDED';
  }

  /** The status in which the approval ends. */
  #decide(step: { readonly do: 'approve' | 'deny'; readonly which: number }): string {
    const request = this.requests[step.which];
    if (!request?.isOpen) return 'approval_not_pending';
    request.isOpen = false;
    if (step.do === 'deny') return 'DENIED';
    const { paused } = request;
    if (paused.do === 'limit') {
      this.#level(paused.level).limit = paused.units;
      return 'EXECUTED';
    }
    const held = this.reservations[paused.which];
    if (!held || held.status === 'CANCELLED') return 'FAILED';
    for (const { level, quantity } of held.lines) {
      if (held.isAllocated) this.#level(level).allocated -= quantity;
      else this.#level(level).reserved -= quantity;
    }
    held.status = 'CANCELLED';
    return 'EXECUTED';
  }
}
