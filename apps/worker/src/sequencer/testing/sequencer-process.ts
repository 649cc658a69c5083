import { createFolderArchive, createLogger, createMetrics } from '@karmanflow/runtime';
import { openDatabase } from '@karmanflow/schema';
import { openCheckpointSigner } from '../checkpoint-signer.ts';
import { sequencerLimits } from '../sequencer-limits.ts';
import { startSequencer } from '../start-sequencer.ts';
import { host, logSeed } from './sequencer-world.ts';

/** A process that sequences and nothing else, to be killed and stopped by a test. */
const [url = '', archive = '', memory = ''] = process.argv.slice(2);
const logger = createLogger({ app: 'sequencer', level: 'info' });
const database = openDatabase({
  url,
  applicationName: 'kf-test-sequencer-process',
  connectionsMax: sequencerLimits.connections,
});
const sequencer = startSequencer({
  database,
  logger,
  metrics: createMetrics({ app: 'sequencer' }),
  monotonicNow: () => performance.now(),
  leaderId: Bun.randomUUIDv7(),
  log: {
    host,
    archive: createFolderArchive({ directory: archive }),
    openSigner: () => openCheckpointSigner({ directory: memory, seed: logSeed }),
    witnessing: null,
  },
});
process.on('SIGTERM', async () => {
  await sequencer.stop();
  await database.close();
  process.exit(0);
});
