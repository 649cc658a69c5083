import { mkdtemp, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileSecretStore, formatReceiptKeyring } from '@karmanflow/runtime';
import { waitUntil } from '@karmanflow/runtime/testing';
import { ownRoot } from '../tier-boundaries/repository.ts';
import type { Arrived, DeliveryTarget } from '../webhook-delivery/delivery-target.ts';
import { serveApi } from './serve-api.ts';

export interface ServedDelivery {
  /** Delivery with nothing between it and its receivers, whatever a saboteur did before. */
  target(): DeliveryTarget;
  stop(): Promise<void>;
}

const deadlineMilliseconds = 60_000;

/** The real worker beside a real API, and a receiver on loopback, which the profile for one machine allows. */
export async function serveDelivery(): Promise<ServedDelivery> {
  const api = await serveApi();
  const receiver = createReceiver();
  const secretsDirectory = await mkdtemp(join(tmpdir(), 'karmanflow-conformance-'));
  const secrets = createFileSecretStore({ directory: secretsDirectory });
  const write = (name: string, text: string): Promise<void> => secrets.write(`secrets://${name}`, Buffer.from(text));
  const { testDatabase } = api.world;
  await write('database-url-kf_worker', testDatabase.urlFor('kf_worker'));
  await write('database-url-kf_delivery', testDatabase.urlFor('kf_delivery'));
  await write(
    'receipt-keyring',
    formatReceiptKeyring({ seed: randomBytes(32), notBefore: '2020-01-01T00:00:00.000Z' }),
  );
  await write('webhook-master', Buffer.from(api.webhookMaster).toString('base64'));
  const worker = Bun.spawn([process.execPath, join(ownRoot, 'apps/worker/src/main.ts')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      KF_PROFILE: 'local',
      KF_PORT: '0',
      KF_METRICS_PORT: '0',
      KF_SECRETS: `file:${secretsDirectory}`,
      KF_DATABASE_URL_REF: 'secrets://database-url-kf_worker',
      KF_DELIVERY_DATABASE_URL_REF: 'secrets://database-url-kf_delivery',
      KF_WEBHOOK_MASTER_REF: 'secrets://webhook-master',
      KF_RECEIPT_KEYRING_REF: 'secrets://receipt-keyring',
      KF_LOG_LEVEL: 'error',
    },
    stdout: 'ignore',
    stderr: 'inherit',
  });
  const until = (what: string, condition: () => Promise<boolean>): Promise<void> =>
    waitUntil({ what, condition, deadlineMilliseconds });
  return {
    target() {
      receiver.restore();
      return {
        governed: api.governed(),
        receiverAt: receiver.at,
        arrivedAt: receiver.arrivedAt,
        waitForArrivals: (path, count) =>
          until(`${count} requests`, async () => receiver.arrivedAt(path).length >= count),
        waitUntil: until,
        comeBetween: receiver.comeBetween,
      };
    },
    async stop() {
      worker.kill('SIGKILL');
      await worker.exited;
      await receiver.stop();
      await api.stop();
      await rm(secretsDirectory, { recursive: true });
    },
  };
}

type Change = (request: Arrived) => readonly Arrived[];

interface Receiver {
  at(path: string, firstStatuses?: readonly number[]): string;
  arrivedAt(path: string): readonly Arrived[];
  comeBetween(change: Change): void;
  restore(): void;
  stop(): Promise<void>;
}

/** Keeps whatever arrives, by path. */
function createReceiver(): Receiver {
  const arrived = new Map<string, Arrived[]>();
  const statuses = new Map<string, number[]>();
  const honest: Change = (request) => [request];
  let change = honest;
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const body = new Uint8Array(await request.arrayBuffer());
      const list = arrived.get(pathname) ?? [];
      arrived.set(pathname, list);
      list.push(...change({ headers: Object.fromEntries(request.headers), body }));
      return new Response(null, { status: statuses.get(pathname)?.shift() ?? 200 });
    },
  });
  return {
    at(path, firstStatuses = []) {
      statuses.set(path, [...firstStatuses]);
      return `http://127.0.0.1:${server.port}${path}`;
    },
    arrivedAt: (path) => arrived.get(path) ?? [],
    comeBetween: (next) => void (change = next),
    restore: () => void (change = honest),
    stop: () => server.stop(true),
  };
}
