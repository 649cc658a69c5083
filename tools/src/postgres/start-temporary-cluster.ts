import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { throwAwaySettings } from './server-settings.ts';
import { openCluster } from './start-cluster.ts';

export interface TemporaryCluster extends Cluster {
  /** Stops the server and removes its data. */
  dispose(): Promise<void>;
}

/**
 * Starts a new cluster in the system's temporary folder on a free port. Unless `durable`, it skips every wait for
 * stable storage. Dies and is removed with this process. Throws when it cannot start: a test can do nothing about it.
 */
export async function startTemporaryCluster(
  options: { readonly settings?: Readonly<Record<string, string>>; readonly durable?: boolean } = {},
): Promise<TemporaryCluster> {
  const durable = options.durable ?? false;
  const folder = await mkdtemp(join(tmpdir(), 'karmanflow-postgres-'));
  // A temporary folder is closed to others, which for root would include the account that runs the server.
  await chmod(folder, 0o711);
  const started = await openCluster(
    {
      dataDirectory: join(folder, 'data'),
      port: 'free',
      password: crypto.randomUUID(),
      settings: { ...(durable ? {} : throwAwaySettings), ...options.settings },
    },
    { durable, folderToRemove: folder },
  );
  if (!started.ok) {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`${started.problem.message} ${started.problem.whatToDo}`);
  }
  const cluster = started.value;
  return {
    ...cluster,
    dispose: async () => {
      await cluster.stop('immediate');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
