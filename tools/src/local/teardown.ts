import type { Cluster } from '../postgres/index.ts';
import type { Progress } from './progress.ts';
import type { RunningApp } from './running-app.ts';

/** Everything that has to be stopped again, in the one right order. */
export interface Teardown {
  addApp(app: RunningApp): void;
  addServer(server: Cluster): void;
  /** Called last. */
  addRelease(release: () => Promise<void>): void;
  /** Stops the apps together, which finish what they have begun, and then the server that they need for it. */
  run(): Promise<void>;
}

/** `force`, when it is aborted, kills what would take longer. */
export function createTeardown(options: { readonly progress: Progress; readonly force: AbortSignal }): Teardown {
  const { progress, force } = options;
  const apps: RunningApp[] = [];
  const servers: Cluster[] = [];
  const releases: (() => Promise<void>)[] = [];
  force.addEventListener('abort', () => {
    for (const app of apps) void app.kill();
    for (const server of servers) void server.stop('immediate');
  });
  return {
    addApp: (app) => void apps.push(app),
    addServer: (server) => void servers.push(server),
    addRelease: (release) => void releases.push(release),
    run: async () => {
      if (apps.length > 0) {
        const end = progress.begin('apps stopped');
        await Promise.all(apps.map((app) => (force.aborted ? app.kill() : app.stop())));
        end(apps.map(({ app }) => app).join(', '));
      }
      for (const server of servers) {
        const end = progress.begin('Postgres stopped');
        await server.stop(force.aborted ? 'immediate' : 'fast');
        end();
      }
      for (const release of releases) await release();
    },
  };
}
