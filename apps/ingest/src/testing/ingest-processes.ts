import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { formatReceiptKeyring } from '@karmanflow/runtime';
import { waitUntil } from '@karmanflow/runtime/testing';
import type { IngestWorld } from './ingest-world.ts';

/** A real process at an address of its own, which it keeps however often it is killed. */
export interface IngestProcess {
  readonly url: string;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again; resolves when it is ready. */
  start(): Promise<void>;
}

/** Real processes over the database and the secrets of a world. */
export interface IngestProcesses {
  add(): Promise<IngestProcess>;
  close(): void;
}

const readinessMilliseconds = 60_000;

export async function prepareProcesses({
  world,
  secretStore,
  secretsDirectory,
}: IngestWorld): Promise<IngestProcesses> {
  await secretStore.write('secrets://database-url-kf_ingest', Buffer.from(world.testDatabase.urlFor('kf_ingest')));
  const keyring = formatReceiptKeyring({ seed: randomBytes(32), notBefore: '2026-01-01T00:00:00.000Z' });
  await secretStore.write('secrets://receipt-keyring', Buffer.from(keyring));
  const running = new Set<Bun.Subprocess>();

  function spawn(port: number): Bun.Subprocess {
    const child = Bun.spawn([process.execPath, resolve(import.meta.dir, '../main.ts')], {
      env: {
        PATH: process.env['PATH'] ?? '',
        KF_PROFILE: 'local',
        KF_PORT: String(port),
        KF_METRICS_PORT: '0',
        KF_SECRETS: `file:${secretsDirectory}`,
        KF_DATABASE_URL_REF: 'secrets://database-url-kf_ingest',
        KF_RECEIPT_KEYRING_REF: 'secrets://receipt-keyring',
        KF_LOG_LEVEL: 'error',
      },
      stdout: 'ignore',
      stderr: 'ignore',
    });
    running.add(child);
    return child;
  }

  return {
    async add() {
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      let child = spawn(port);
      const isReady = (): Promise<boolean> =>
        fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        );
      const ready = (): Promise<void> =>
        waitUntil({ what: 'readiness', condition: isReady, deadlineMilliseconds: readinessMilliseconds });
      await ready();
      return {
        url,
        async kill() {
          child.kill('SIGKILL');
          await child.exited;
          running.delete(child);
        },
        start() {
          child = spawn(port);
          return ready();
        },
      };
    },
    close() {
      for (const child of running) child.kill('SIGKILL');
    },
  };
}

async function freePort(): Promise<number> {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() });
  const port = server.port ?? 0;
  await server.stop(true);
  return port;
}
