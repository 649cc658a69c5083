import { type Answer, type Connection, sendAll, type Statement } from './connection.ts';
import { fence, isCurrent, TermEnded } from './term.ts';

/** Sends statements of a fenced transaction; each call is one round trip. */
export type Send = (statements: readonly Statement[]) => Promise<Answer[]>;

/**
 * Runs `work` in one transaction of a term, and commits it. Throws `TermEnded` when the term is over, and whatever `work` or
 * the database throws; nothing is written then, unless the connection broke while COMMIT was under way.
 */
export async function fencedTransaction<T>(
  connection: Connection,
  options: {
    readonly epoch: number;
    readonly first?: readonly Statement[];
    readonly work: (send: Send, first: readonly Answer[]) => Promise<T>;
  },
): Promise<T> {
  const { epoch, first = [], work } = options;
  const send: Send = (statements) => sendAll(connection, statements);
  try {
    const answers = await send([...fence, ...first]);
    if (!isCurrent(epoch, answers[fence.length - 1])) throw new TermEnded(`term ${epoch} is over`);
    const result = await work(send, answers.slice(fence.length));
    await send([{ text: 'COMMIT' }]);
    return result;
  } catch (error) {
    // On a connection that is gone there is nothing left to roll back; what went wrong first is what matters.
    await connection.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
