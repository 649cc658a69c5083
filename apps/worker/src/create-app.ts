import { problem, type Profile, secureHeaders } from '@karmanflow/runtime';
import { Hono } from 'hono';

/** Two routes for whoever runs the process; the worker takes no work over HTTP. */
export function createApp(ports: { readonly profile: Profile; readonly isReady: () => Promise<boolean> }): Hono {
  const app = new Hono();
  app.use(secureHeaders({ profile: ports.profile }));
  app.get('/healthz', (ctx) => ctx.json({ status: 'ok' }));
  app.get('/readyz', async (ctx) =>
    (await ports.isReady()) ? ctx.json({ status: 'ready' }) : problem('database_unavailable'),
  );
  app.notFound(() => problem('not_found'));
  return app;
}
