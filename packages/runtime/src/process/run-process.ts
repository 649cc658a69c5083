import type { Logger } from '../logging/logger.ts';
import { runtimeLimits } from '../runtime-limits.ts';

/** What a started process gives back: how it is stopped. */
export interface RunningProcess {
  stop(): Promise<void>;
}

export interface ProcessOptions {
  readonly name: string;
  readonly start: () => Promise<RunningProcess>;
  readonly logger: Logger;
  /** From the signal to the exit, whatever happens. The platform kills after ten seconds. */
  readonly hardExitMilliseconds?: number;
}

/**
 * The life of a process: starts it, stops it once on SIGTERM or SIGINT, and exits with 0 after a clean stop and with 1
 * otherwise. A second signal exits at once. An error that nobody handled is logged and ends the process with 1, because
 * nothing is known of its state after that.
 */
export async function runProcess(options: ProcessOptions): Promise<void> {
  const { name, start, logger } = options;
  const hardExitMilliseconds = options.hardExitMilliseconds ?? runtimeLimits.hardExitMilliseconds;
  const { promise: started, resolve: reportStarted } = Promise.withResolvers<RunningProcess>();
  let stopping = false;

  function die(message: string, error: unknown): never {
    logger.fatal({ err: error }, message);
    process.exit(1);
  }

  async function stopOnce(signal: string): Promise<void> {
    if (stopping) {
      logger.warn({ signal }, 'second signal: exiting at once');
      process.exit(1);
    }
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.error({ hardExitMilliseconds }, 'not stopped in time: exiting');
      process.exit(1);
    }, hardExitMilliseconds);
    try {
      // A signal during the start waits for its end, so that whatever was opened is closed.
      await (await started).stop();
    } catch (error) {
      die('the stop failed', error);
    }
    logger.info({}, 'stopped');
    process.exit(0);
  }

  process.on('SIGTERM', (signal) => void stopOnce(signal));
  process.on('SIGINT', (signal) => void stopOnce(signal));
  process.on('uncaughtException', (error) => die('an exception was not caught', error));
  process.on('unhandledRejection', (reason) => die('a rejection was not handled', reason));

  logger.info({ name, pid: process.pid, bun: Bun.version }, 'starting');
  try {
    reportStarted(await start());
  } catch (error) {
    die('the start failed', error);
  }
  logger.info({ name }, 'started');
}
