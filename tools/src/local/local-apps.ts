import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RuntimeRole } from '@karmanflow/schema';

/** The apps of a deployment; `identity`, at which people log in; and `receiver`, which the demo's webhooks go to. */
export const appNames = ['console-api', 'ingest', 'worker', 'identity', 'receiver'] as const;
export type AppName = (typeof appNames)[number];

/** What the local environment has to know of an app. */
export interface LocalApp {
  readonly port: number;
  readonly metricsPort: number;
  /** The variables by which a developer moves it to other ports. */
  readonly portVariable: string;
  readonly metricsPortVariable: string;
  /** Null for what needs no database. */
  readonly role: RuntimeRole | null;
  /** The role for reading, where the app has one of its own for it. */
  readonly readRole: RuntimeRole | null;
}

export const localApps: Readonly<Record<AppName, LocalApp>> = {
  'console-api': {
    port: 4000,
    metricsPort: 4100,
    portVariable: 'KF_CONSOLE_API_PORT',
    metricsPortVariable: 'KF_CONSOLE_API_METRICS_PORT',
    role: 'kf_command',
    readRole: 'kf_read',
  },
  ingest: {
    port: 4001,
    metricsPort: 4101,
    portVariable: 'KF_INGEST_PORT',
    metricsPortVariable: 'KF_INGEST_METRICS_PORT',
    role: 'kf_ingest',
    readRole: null,
  },
  worker: {
    port: 4002,
    metricsPort: 4102,
    portVariable: 'KF_WORKER_PORT',
    metricsPortVariable: 'KF_WORKER_METRICS_PORT',
    role: 'kf_worker',
    readRole: null,
  },
  identity: {
    port: 4003,
    metricsPort: 4103,
    portVariable: 'KF_IDENTITY_PORT',
    metricsPortVariable: 'KF_IDENTITY_METRICS_PORT',
    role: null,
    readRole: null,
  },
  receiver: {
    port: 4004,
    metricsPort: 4104,
    portVariable: 'KF_RECEIVER_PORT',
    metricsPortVariable: 'KF_RECEIVER_METRICS_PORT',
    role: null,
    readRole: null,
  },
};

/** The file that runs an app of the checkout at `root`. */
export function appEntry(options: { readonly root: string; readonly app: AppName }): string {
  const { root, app } = options;
  const isTool = app === 'identity' || app === 'receiver';
  return isTool ? join(root, 'tools', 'src', app, 'main.ts') : join(root, 'apps', app, 'src', 'main.ts');
}

/** The apps that this checkout has. */
export function existingApps(root: string): AppName[] {
  return appNames.filter((app) => existsSync(appEntry({ root, app })));
}
