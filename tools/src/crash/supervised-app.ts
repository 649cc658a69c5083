import { type AppName, type RunningApp, startApp } from '../local/index.ts';

/** A process of an app that is killed and started again, at the same address. */
export interface SupervisedApp {
  readonly url: string;
  /** Throws while it does not run. */
  processId(): number;
  /** `environment` adds to what the app always gets. */
  start(environment?: Readonly<Record<string, string>>): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM; the exit code. Null when it did not run. */
  stop(): Promise<number | null>;
  /** SIGKILL, for good: it cannot be started again. */
  close(): Promise<void>;
  /** Every process id that it has had. */
  processIds(): readonly number[];
  /** Exit codes of processes that ended though nobody asked them to. */
  ownExits(): readonly number[];
}

export interface SupervisedAppOptions {
  readonly app: AppName;
  readonly port: number;
  readonly secretsDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** Another checkout than this one. */
  readonly root?: string;
}

const startAttemptsMax = 3;

/** Prepares the app; it runs after `start`. */
export function superviseApp(options: SupervisedAppOptions): SupervisedApp {
  let running: RunningApp | null = null;
  const closing = new AbortController();
  const processIds: number[] = [];
  const ownExits: number[] = [];

  async function watch(started: RunningApp): Promise<void> {
    const code = await started.exited;
    if (running === started) ownExits.push(code);
  }

  async function kill(): Promise<void> {
    const killed = running;
    running = null;
    await killed?.kill();
  }

  return {
    url: `http://127.0.0.1:${options.port}`,
    processId() {
      if (running === null) throw new Error(`${options.app} does not run`);
      return running.processId;
    },
    async start(environment = {}) {
      for (let attempt = 1; running === null; attempt += 1) {
        try {
          const changed = { environment: { ...options.environment, ...environment }, signal: closing.signal };
          const started = await startApp({ ...options, ...changed });
          running = started;
          processIds.push(started.processId);
          void watch(started);
        } catch (error) {
          // A backend that stands still can keep the whole server from answering until it goes on.
          if (attempt === startAttemptsMax || closing.signal.aborted) throw error;
        }
      }
    },
    kill,
    async stop() {
      const stopped = running;
      running = null;
      await stopped?.stop();
      return stopped === null ? null : await stopped.exited;
    },
    close() {
      closing.abort();
      return kill();
    },
    processIds: () => processIds,
    ownExits: () => ownExits,
  };
}
