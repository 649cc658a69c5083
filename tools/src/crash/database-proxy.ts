import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { TransactionTracker } from './transaction-tracker.ts';
import { type Frame, FrameSplitter } from './wire-frames.ts';

/**
 * What to do with the next transaction that wrote a receipt and is about to commit:
 * watch       nothing: its COMMIT is on its way to the server
 * withhold    let it commit, and keep the answer back while the connection stays open
 * lose_answer let it commit, then reset the client's connection instead of answering
 * cut         forward the COMMIT and reset both connections at once
 * reset       reset both connections instead of forwarding the COMMIT
 */
export type Trap = 'watch' | 'withhold' | 'lose_answer' | 'cut' | 'reset';

export interface DatabaseProxy {
  /** Listens on 127.0.0.1. */
  readonly port: number;
  /** Connections inside a transaction that writes. */
  writing(): number;
  /** Sets one trap and resolves when a transaction fell into it: true, or false when none came in time. */
  spring(trap: Trap, deadlineMilliseconds: number): Promise<boolean>;
  /** Resets every connection and stops to listen. */
  close(): Promise<void>;
}

interface SetTrap {
  readonly trap: Trap;
  readonly sprung: () => void;
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  readonly tracker: TransactionTracker;
  /** What is to happen when the answer to its COMMIT comes. */
  atAnswer: SetTrap | null;
  /** From then on its client hears nothing more. */
  isMute: boolean;
}

/**
 * A TCP proxy in front of Postgres which understands its messages just enough to see a COMMIT go by, so that a
 * connection can be cut exactly before or behind it.
 */
export async function openDatabaseProxy(options: { readonly postgresPort: number }): Promise<DatabaseProxy> {
  const links = new Set<Link>();
  const traps: SetTrap[] = [];

  const listener = createServer({ noDelay: true }, (client) => {
    const server = connect({ host: '127.0.0.1', port: options.postgresPort, noDelay: true });
    const link: Link = { client, server, tracker: new TransactionTracker(), atAnswer: null, isMute: false };
    links.add(link);
    const fromClient = new FrameSplitter('client');
    const fromServer = new FrameSplitter('server');
    client.on('data', (chunk: Buffer) => guarded(link, () => forwardToServer(link, fromClient.push(chunk))));
    server.on('data', (chunk: Buffer) => guarded(link, () => forwardToClient(link, fromServer.push(chunk))));
    // The end of one side is the end of the other, in the same manner.
    for (const [side, other] of [
      [client, server],
      [server, client],
    ] as const) {
      side.on('end', () => other.end());
      side.on('error', () => other.resetAndDestroy());
      side.on('close', () => {
        links.delete(link);
        other.destroy();
      });
    }
  });

  /** A message that is not Postgres protocol ends its connection, not this process. */
  function guarded(link: Link, forward: () => void): void {
    try {
      forward();
    } catch {
      reset(link);
    }
  }

  function forwardToServer(link: Link, frames: readonly Frame[]): void {
    const passed: Buffer[] = [];
    for (const [position, frame] of frames.entries()) {
      const set = link.tracker.fromClient(frame) ? traps.shift() : undefined;
      if (set?.trap === 'reset') {
        // What came before is written to the server first, so that the transaction is there to be rolled back.
        link.server.write(Buffer.concat(passed), () => reset(link));
        set.sprung();
        return;
      }
      if (set?.trap === 'cut') {
        const rest = frames.slice(position).map(({ bytes }) => bytes);
        // Reset when the system has taken the bytes: whether Postgres reads them before it sees the reset is a race.
        link.server.write(Buffer.concat([...passed, ...rest]), () => reset(link));
        set.sprung();
        return;
      }
      passed.push(frame.bytes);
      if (set?.trap === 'lose_answer' || set?.trap === 'withhold') link.atAnswer = set;
      if (set?.trap === 'watch') set.sprung();
    }
    if (passed.length > 0) link.server.write(Buffer.concat(passed));
  }

  function forwardToClient(link: Link, frames: readonly Frame[]): void {
    if (link.isMute) return;
    const passed: Buffer[] = [];
    for (const frame of frames) {
      if (link.tracker.fromServer(frame) && link.atAnswer) {
        if (link.atAnswer.trap === 'withhold') link.isMute = true;
        else reset(link);
        link.atAnswer.sprung();
        return;
      }
      passed.push(frame.bytes);
    }
    if (passed.length > 0) link.client.write(Buffer.concat(passed));
  }

  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });

  return {
    // A TCP server that listens has an address with a port; only a pipe's would be a string.
    port: (listener.address() as AddressInfo).port,
    writing: () => [...links].filter(({ tracker }) => ['writing', 'committing'].includes(tracker.phase)).length,
    spring: (trap, deadlineMilliseconds) =>
      new Promise((resolve) => {
        const set: SetTrap = {
          trap,
          sprung: () => {
            clearTimeout(timer);
            resolve(true);
          },
        };
        const timer = setTimeout(() => {
          const at = traps.indexOf(set);
          if (at >= 0) traps.splice(at, 1);
          resolve(false);
        }, deadlineMilliseconds);
        traps.push(set);
      }),
    close: async () => {
      for (const link of links) reset(link);
      await new Promise<void>((resolve) => {
        listener.close(() => resolve());
      });
    },
  };
}

function reset(link: Link): void {
  link.client.resetAndDestroy();
  link.server.resetAndDestroy();
}
