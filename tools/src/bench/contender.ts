import { join } from 'node:path';
import { limits, toUuid } from '@karmanflow/schema';
import { startApp } from '../local/index.ts';
import type { BenchDatabase, BenchWorld } from './bench-world.ts';
import type { PeerConfiguration } from './peers/peer-configuration.ts';
import type { RowSizes } from './peers/rows-of-request.ts';

export const contenderNames = ['ours', 'function', 'function-8', 'kysely', 'limit'] as const;
export type ContenderName = (typeof contenderNames)[number];
export type PeerName = Exclude<ContenderName, 'ours'>;

/** A server under load, with the database that it alone writes to. */
export interface Contender {
  readonly name: ContenderName;
  readonly database: BenchDatabase;
  readonly port: number;
  readonly processId: number;
  /** Where requests go, for a pool of the given size; ours has one size only. */
  pathFor(poolSize: number): string;
  stop(): Promise<void>;
}

/** Whether the best pool size is looked for. Not where it is given, nor for the limit, which writes one batch at a time. */
export function isTuned(name: ContenderName): boolean {
  return name === 'function' || name === 'kysely';
}

/** Whether a contender is called through a pool of a size that somebody chose. */
export function hasPoolSize(name: ContenderName): boolean {
  return isTuned(name) || name === 'function-8';
}

/** Contenders whose ratio has a target run more often than those that are only shown. */
export function isShown(name: ContenderName): boolean {
  return name === 'kysely' || name === 'limit';
}

/** The sizes among which the best one of a peer is looked for. */
export const poolSizes = [2, 4, 8, 16] as const;
/** What is taken when it is not looked for: the size of the pool that ours has. */
export const poolSizeUntried: number = limits.poolConnections;

/** Starts the process of the console API, as it is deployed; `root` is another checkout than this one. */
export async function startOurs(options: {
  readonly database: BenchDatabase;
  readonly root?: string;
}): Promise<Contender> {
  const { database, root } = options;
  const { port, processId, stop } = await startApp({
    app: 'console-api',
    secretsDirectory: database.secretsDirectory,
    // A line for each request is the load balancer's in production; the peers write none.
    environment: { KF_LOG_LEVEL: 'warn' },
    ...(root === undefined ? {} : { root }),
  });
  return { name: 'ours', database, port, processId, stop, pathFor: () => '/v1/reservation/create' };
}

/** Starts the process of a peer. */
export async function startPeer(options: {
  readonly name: PeerName;
  readonly world: BenchWorld;
  readonly database: BenchDatabase;
  readonly sizes: RowSizes;
  readonly principalId: string;
}): Promise<Contender> {
  const { name, world, database, sizes, principalId } = options;
  const configuration: PeerConfiguration = {
    store: name === 'function-8' ? 'function' : name,
    databaseUrl: database.urlFor('kf_command'),
    poolSizes,
    identity: { tenantId: toUuid(world.tenantId), environmentId: toUuid(world.environmentId), principalId },
    sizes,
  };
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'peers', 'peer-server.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.write(`${JSON.stringify(configuration)}\n`);
  child.stdin.flush();
  const port = Number(await firstLine(child.stdout));
  if (!Number.isInteger(port) || port === 0) throw new Error(`the peer ${name} did not start`);
  return {
    name,
    database,
    port,
    processId: child.pid,
    pathFor: (poolSize) => `/pool/${poolSize}/v1/reservation/create`,
    stop: async () => {
      child.stdin.end();
      await child.exited;
    },
  };
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes('\n')) break;
  }
  return text.trim();
}
