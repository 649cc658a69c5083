import {
  sharedVariables,
  createLogger,
  createMetrics,
  identityHeaders,
  type IdentitySources,
  type LogDestination,
  problem,
  readBoundedBody,
  readConfiguration,
  readRequestIdentity,
  runWithIdentity,
  secureHeaders,
  serveHttp,
  serveMetrics,
  stopInOrder,
  withDefault,
} from '@karmanflow/runtime';
import { Hono } from 'hono';

/** What this app reads: three variables that every app knows, and one of its own. */
export const configurationShape = {
  KF_PROFILE: sharedVariables.KF_PROFILE,
  KF_PORT: sharedVariables.KF_PORT,
  KF_METRICS_PORT: sharedVariables.KF_METRICS_PORT,
  KF_ECHO_BYTES: withDefault(
    { purpose: 'The largest body that is echoed.', expected: 'a number of bytes up to 9999', default: '100' },
    (text) => (/^\d{1,4}$/.test(text) ? Number(text) : undefined),
  ),
};

interface Surroundings extends IdentitySources {
  readonly environmentVariables: Readonly<Record<string, string | undefined>>;
  readonly destination: LogDestination;
}

/** A process that answers POST /echo with the length of the body. `runProcess` would start it and stop it on SIGTERM. */
export async function startEcho({ environmentVariables, destination, ...sources }: Surroundings) {
  const read = readConfiguration(configurationShape, environmentVariables);
  if (!read.ok) throw new Error(read.message);
  const {
    KF_PROFILE: profile,
    KF_PORT: port,
    KF_METRICS_PORT: metricsPort,
    KF_ECHO_BYTES: maxBytes,
  } = read.configuration;

  const logger = createLogger({ app: 'echo', level: 'info', destination });
  const metrics = createMetrics({ app: 'echo' });
  const echoes = metrics.counter({
    name: 'kf_echoes_total',
    help: 'Bodies received.',
    labels: { outcome: ['accepted', 'refused'] },
  });

  const app = new Hono();
  app.use(secureHeaders({ profile }));
  app.post('/echo', async (context) => {
    const found = readRequestIdentity(context.req.raw.headers, sources);
    if (!found.ok) return problem('header_invalid', { detail: found.detail });
    const { identity } = found;
    return runWithIdentity(identity, async () => {
      const result = await readBoundedBody(context.req.raw, maxBytes);
      echoes.increment({ outcome: result.ok ? 'accepted' : 'refused' });
      if (!result.ok) return problem(result.code, { detail: result.detail, instance: identity.requestId });
      logger.info({ bytes: result.body.byteLength, authorization: context.req.header('authorization') }, 'echoed');
      return context.json({ bytes: result.body.byteLength }, 200, { [identityHeaders.requestId]: identity.requestId });
    });
  });

  const hostname = '127.0.0.1';
  const metricsServer = serveMetrics({ port: metricsPort, hostname, metrics, logger });
  const maxRequestBodyBytes = maxBytes + 1_000;
  const server = serveHttp({ port, hostname, fetch: app.fetch, maxRequestBodyBytes, idleTimeoutSeconds: 30, logger });
  const steps = [
    { name: 'http', stop: () => server.stop(), deadlineMilliseconds: 6_500 },
    { name: 'metrics', stop: () => metricsServer.stop(), deadlineMilliseconds: 500 },
  ];
  return { port: server.port, metricsPort: metricsServer.port, stop: () => stopInOrder(steps, logger) };
}
