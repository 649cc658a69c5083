import { mkdtemp, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestWorld } from '@karmanflow/commands/testing';
import { createFileSecretStore, formatReceiptKeyring } from '@karmanflow/runtime';
import { waitUntil } from '@karmanflow/runtime/testing';
import type { IngestAnswer, IngestTarget, PartnerSource, Sent } from '../ingest/ingest-target.ts';
import { isObject } from '../surface/schema-fields.ts';
import { ownRoot } from '../tier-boundaries/repository.ts';
import { createPartner } from './create-partner.ts';

export interface ServedIngest {
  /** Ingest with nothing between it and its senders, whatever a saboteur did before. */
  target(): IngestTarget;
  stop(): Promise<void>;
}

interface RunningProcess {
  readonly url: string;
  readonly child: Bun.Subprocess;
}

const deadlineMilliseconds = 90_000;
const readinessMilliseconds = 90_000;

/** The real process of ingest on a free port, alone, over a database and secrets of its own. */
export async function serveIngest(): Promise<ServedIngest> {
  const world = await createTestWorld();
  const secretsDirectory = await mkdtemp(join(tmpdir(), 'karmanflow-conformance-'));
  const secrets = createFileSecretStore({ directory: secretsDirectory });
  const write = (name: string, text: string): Promise<void> => secrets.write(`secrets://${name}`, Buffer.from(text));
  await write('database-url-kf_ingest', world.testDatabase.urlFor('kf_ingest'));
  await write(
    'receipt-keyring',
    formatReceiptKeyring({ seed: randomBytes(32), notBefore: '2020-01-01T00:00:00.000Z' }),
  );
  await write('ingest-quarantine-key', randomBytes(32).toString('base64'));
  const running: RunningProcess[] = [];

  async function start(...preloaded: readonly string[]): Promise<RunningProcess> {
    const port = await freePort();
    const preloads = preloaded.flatMap((file) => ['--preload', join(import.meta.dir, file)]);
    const child = Bun.spawn([process.execPath, ...preloads, join(ownRoot, 'apps/ingest/src/main.ts')], {
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
      stderr: 'inherit',
    });
    const started = { url: `http://127.0.0.1:${port}`, child };
    running.push(started);
    const isReady = (): Promise<boolean> =>
      fetch(`${started.url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    await waitUntil({ what: 'ingest', condition: isReady, deadlineMilliseconds: readinessMilliseconds });
    return started;
  }

  const honest = await start();
  let withoutPause: Promise<RunningProcess> | null = null;
  const admin = await world.testDatabase.admin();
  return {
    target() {
      let { url } = honest;
      let change = (request: Sent): Sent => request;
      const sources: PartnerSource[] = [];
      return {
        createPartner: (name) =>
          createPartner({ world, name, writeSecret: write, onSource: (one) => sources.push(one) }),
        send: (request) => post(url, change(request)),
        async query(sql, values = []) {
          const { rows } = await admin.query<Record<string, unknown>>(sql, [...values]);
          return rows;
        },
        comeBetween: (next) => void (change = next),
        sourceAt: (path) => sources.find((source) => source.path === path) ?? null,
        allSources: () => sources,
        async runWithoutPause() {
          withoutPause ??= start('without-pause.ts');
          ({ url } = await withoutPause);
        },
      };
    },
    async stop() {
      for (const { child } of running) child.kill('SIGKILL');
      await Promise.all(running.map(({ child }) => child.exited));
      await world.close();
      await rm(secretsDirectory, { recursive: true });
    },
  };
}

async function post(url: string, { path, headers, body }: Sent): Promise<IngestAnswer> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
    redirect: 'manual',
    signal: AbortSignal.timeout(deadlineMilliseconds),
  });
  const text = await response.text();
  let json: unknown = null;
  try {
    json = JSON.parse(text);
  } catch {
    // What is no JSON has no members.
  }
  return { status: response.status, text, json: isObject(json) ? json : {} };
}

async function freePort(): Promise<number> {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() });
  const port = server.port ?? 0;
  await server.stop(true);
  return port;
}
