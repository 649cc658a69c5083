import type { QueryResult } from 'pg';
import type { Statement } from './statements.ts';

/** Statements that are on their way. Each is watched from the start, so that none fails unseen. */
export class StatementBlock {
  failed = false;
  readonly #sent: Promise<QueryResult>[] = [];
  readonly #sendOne: (statement: string | Statement) => Promise<QueryResult>;

  constructor(sendOne: (statement: string | Statement) => Promise<QueryResult>) {
    this.#sendOne = sendOne;
  }

  send(statements: readonly (string | Statement)[]): void {
    for (const statement of statements) {
      const result = this.#sendOne(statement);
      result.catch(() => {
        this.failed = true;
      });
      this.#sent.push(result);
    }
  }

  end(): Promise<QueryResult[]> {
    return allOf(this.#sent);
  }
}

/** Waits for all; the first failure is the cause of the others. */
export async function allOf(sent: readonly Promise<QueryResult>[]): Promise<QueryResult[]> {
  const results = await Promise.allSettled(sent);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return results.map((result) => (result as PromiseFulfilledResult<QueryResult>).value);
}

/** Resolves when the driver has told of statements that it could not send: COMMIT must not go out behind a gap. */
export function driverHasSpoken(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(() => queueMicrotask(resolve));
  });
}
