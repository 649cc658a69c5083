import type { AppName } from './local-apps.ts';

/** A process of an app that is our child and has been ready. */
export interface RunningApp {
  readonly app: AppName;
  readonly port: number;
  readonly metricsPort: number;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly processId: number;
  readonly logFile: string;
  /** Asks it to drain and end (SIGTERM) and waits until it has; kills it when it takes longer than it may. */
  stop(): Promise<void>;
  /** Kills it (SIGKILL) and waits until it is gone. */
  kill(): Promise<void>;
  /** Its exit code, or 128 plus the number of the signal that ended it. */
  readonly exited: Promise<number>;
  /** The last lines that it wrote. */
  logTail(): Promise<string[]>;
}
