import type { Connection } from '../sequence/connection.ts';

/** Where a process dies: before it sends its statement of that number, or right behind it, before any answer is read. */
export interface Crash {
  readonly statement: number;
  readonly when: 'before' | 'behind';
}

/** A process that may have several connections: what it sent over all of them, and whether it is dead. */
export interface CrashingProcess {
  sent: number;
  dead: boolean;
}

/** A connection whose process dies there: its socket is gone, and nothing more is sent or read. */
export function crashingConnection(
  connection: Connection,
  crash: Crash,
  state: CrashingProcess = { sent: 0, dead: false },
): Connection {
  const die = (): Promise<never> => {
    state.dead = true;
    // The driver keeps its socket here; ending it politely would still tell the server that we go.
    (connection as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    return Promise.reject(new Error('the process died'));
  };
  const query = (...args: Parameters<Connection['query']>): Promise<unknown> => {
    state.sent += 1;
    const { sent } = state;
    if (state.dead || (crash.when === 'before' && sent === crash.statement)) return die();
    const answer = connection.query(...args) as unknown as Promise<unknown>;
    if (crash.when === 'before' || sent !== crash.statement) return answer;
    answer.catch(() => undefined);
    // What stands in the socket's buffer goes out with it.
    const { promise, reject } = Promise.withResolvers<never>();
    setImmediate(() => void die().catch(reject));
    return promise;
  };
  return new Proxy(connection, { get: (target, name) => (name === 'query' ? query : Reflect.get(target, name)) });
}

/** Passes everything on, and counts the statements. */
export function countingConnection(connection: Connection): { readonly connection: Connection; count(): number } {
  let sent = 0;
  const query = (...args: Parameters<Connection['query']>): unknown => {
    sent += 1;
    return connection.query(...args);
  };
  const counted = new Proxy(connection, {
    get: (target, name) => (name === 'query' ? query : Reflect.get(target, name)),
  });
  return { connection: counted, count: () => sent };
}
