import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const START_SECONDS = 120;
const STOP_SECONDS = 30;

/** A throw-away Postgres. */
interface SharedCluster {
  /** Starts the server when it is first asked. Rejects with the server's own words when it does not start. */
  readonly databaseUrl: () => Promise<string>;
  /** Stops the server and deletes its data. Does nothing when none was started. */
  readonly dispose: () => Promise<void>;
}

/** A cluster for each lane: what holds a transaction open in one cannot make a test in another wait. */
export interface LaneClusters {
  readonly databaseUrl: (lane: number) => Promise<string>;
  readonly dispose: () => Promise<void>;
}

/** Prepares clusters without starting any. */
export function laneClusters(): LaneClusters {
  const clusters = new Map<number, SharedCluster>();
  return {
    databaseUrl: (lane) => {
      const cluster = clusters.get(lane) ?? sharedCluster();
      clusters.set(lane, cluster);
      return cluster.databaseUrl();
    },
    dispose: async () => {
      await Promise.all([...clusters.values()].map((cluster) => cluster.dispose()));
    },
  };
}

/** Prepares a cluster without starting it. */
function sharedCluster(): SharedCluster {
  let child: ChildProcess | undefined;
  let url: Promise<string> | undefined;
  return {
    databaseUrl: () => {
      if (url === undefined) {
        child = spawn(process.execPath, [join(import.meta.dir, 'cluster-process.ts')], {
          stdio: ['pipe', 'pipe', 'pipe'],
          detached: true,
        });
        url = firstAnswer(child);
      }
      return url;
    },
    dispose: async () => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const running = child;
      const gone = once(running, 'exit');
      const timer = setTimeout(() => running.kill('SIGKILL'), STOP_SECONDS * 1_000);
      running.stdin?.end();
      await gone;
      clearTimeout(timer);
    },
  };
}

function firstAnswer(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    let complaint = '';
    const timer = setTimeout(() => {
      child.kill('SIGTERM');
      reject(new Error(`the temporary Postgres did not start in ${START_SECONDS} s: ${complaint}`));
    }, START_SECONDS * 1_000);
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (complaint += chunk));
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk;
      const adminUrl = adminUrlIn(answer);
      if (adminUrl === undefined) return;
      clearTimeout(timer);
      resolve(adminUrl);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the temporary Postgres ended with ${code}: ${complaint}`));
    });
  });
}

function adminUrlIn(answer: string): string | undefined {
  return /^\{"adminUrl":"([^"]+)"\}$/m.exec(answer)?.[1];
}
