import { createLogger } from '../logging/create-logger.ts';
import { runProcess } from '../process/run-process.ts';

/**
 * A process for the test of `runProcess`, which starts it with the name of what it shall do and sends it signals. It logs
 * `ready` when it may be sent one.
 */
const behaviour = process.argv[2];
const hardExitMilliseconds = Number(process.argv[3] ?? '9000');
const logger = createLogger({ app: 'sample', level: 'info' });
const { promise: forever } = Promise.withResolvers<void>();
// Keeps the process alive, as a server does.
const alive = setInterval(() => undefined, 60_000);
let stops = 0;

async function start() {
  if (behaviour === 'start_fails') throw new Error('cannot start');
  if (behaviour === 'start_slow') {
    logger.info({}, 'ready');
    // Until the signal is here, however long that takes: it is to arrive during the start.
    const signalled = Promise.withResolvers<void>();
    process.once('SIGTERM', () => signalled.resolve());
    await signalled.promise;
  }
  if (behaviour === 'start_hangs') {
    logger.info({}, 'ready');
    await forever;
  }
  return {
    async stop() {
      stops += 1;
      logger.info({ stops }, 'stop called');
      if (behaviour === 'stop_fails') throw new Error('cannot stop');
      if (behaviour === 'stop_hangs') await forever;
      await Bun.sleep(20);
      clearInterval(alive);
    },
  };
}

await runProcess({ name: 'sample', start, logger, hardExitMilliseconds });
if (behaviour === 'throws')
  setTimeout(() => {
    throw new Error('out of nowhere');
  }, 1);
if (behaviour === 'rejects') void Promise.reject(new Error('never awaited'));
logger.info({}, 'ready');
