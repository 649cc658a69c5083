import { type Frame, textFields } from './wire-frames.ts';

/**
 * How far the transaction of a connection is: none · begun · a receipt is being written · COMMIT sent and not answered.
 * Reads never come to `writing`, though they COMMIT too.
 */
export type TransactionPhase = 'idle' | 'open' | 'writing' | 'committing';

const receiptInsert = /^\s*insert\s+into\s+(?:kf\.)?command_receipts\b/i;

/** Follows one connection by its messages, in both forms that `pg` uses: simple queries and named statements. */
export class TransactionTracker {
  phase: TransactionPhase = 'idle';
  /** What each named statement does, as far as it matters here. */
  readonly #statements = new Map<string, 'write' | 'commit' | 'other'>();
  #boundToCommit = false;

  /** True when this message asks to commit a transaction that wrote a receipt. Call before it is forwarded. */
  fromClient(frame: Frame): boolean {
    if (frame.type === 'Q') return this.#query(textFields(frame, 1)[0] ?? '');
    if (frame.type === 'P') {
      const [name = '', text = ''] = textFields(frame, 2);
      this.#statements.set(name, purposeOf(text));
    }
    if (frame.type === 'B') {
      const [, name = ''] = textFields(frame, 2);
      const purpose = this.#statements.get(name) ?? 'other';
      if (purpose === 'write') this.phase = 'writing';
      this.#boundToCommit = purpose === 'commit';
    }
    if (frame.type === 'E' && this.#boundToCommit) return this.#query('commit');
    return false;
  }

  #query(text: string): boolean {
    if (/^\s*begin\b/i.test(text)) this.phase = 'open';
    if (/^\s*rollback\b/i.test(text)) this.phase = 'idle';
    if (!/^\s*commit\b/i.test(text)) return false;
    const isWrite = this.phase === 'writing';
    this.phase = isWrite ? 'committing' : 'idle';
    return isWrite;
  }

  /** True when this message says that a transaction which wrote a receipt is committed. */
  fromServer(frame: Frame): boolean {
    if (frame.type !== 'C' || this.phase !== 'committing') return false;
    const [tag] = textFields(frame, 1);
    if (tag !== 'COMMIT' && tag !== 'ROLLBACK') return false;
    this.phase = 'idle';
    return tag === 'COMMIT';
  }
}

function purposeOf(text: string): 'write' | 'commit' | 'other' {
  if (receiptInsert.test(text)) return 'write';
  return /^\s*commit\b/i.test(text) ? 'commit' : 'other';
}
