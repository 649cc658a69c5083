import { type Profile, problem, secureHeaders } from '@karmanflow/runtime';
import { Hono } from 'hono';
import { access } from '@karmanflow/commands';
import { carryOutPath, type IngestMetrics, ingestPath, previewPath } from '../ingest-metrics.ts';
import { type ObservedVariables, observeRequest, type RequestObserver } from './observe-request.ts';
import { answerPreview } from './answer-preview.ts';
import type { ReceivePorts } from './authenticate-message.ts';
import { receiveMessage } from './receive-message.ts';

export interface AppPorts extends Omit<RequestObserver, 'metrics'> {
  readonly profile: Profile;
  readonly receive: ReceivePorts;
  readonly metrics: IngestMetrics;
  /** Whether the database answers. While shutting down the server itself refuses. */
  readonly isReady: () => Promise<boolean>;
}

/** The HTTP surface: messages, what they would become, what was asked for about those that are held; and two routes for whoever runs the process. */
export function createApp(ports: AppPorts): Hono<ObservedVariables> {
  const app = new Hono<ObservedVariables>();
  app.use(secureHeaders({ profile: ports.profile }));
  app.use(observeRequest(ports));
  app.post(ingestPath, async (ctx) => {
    const arrival = { address: ctx.req.param('address'), request: ctx.req.raw, identity: ctx.get('identity') };
    const { response, outcome } = await receiveMessage(ports.receive, arrival);
    ports.metrics.message(outcome);
    return response;
  });
  app.all(ingestPath, (ctx) =>
    problem('method_not_allowed', { instance: ctx.get('identity').requestId, headers: { allow: 'POST' } }),
  );
  app.post(previewPath, (ctx) =>
    answerPreview(ports.receive, {
      address: ctx.req.param('address'),
      request: ctx.req.raw,
      identity: ctx.get('identity'),
    }),
  );
  app.all(previewPath, (ctx) =>
    problem('method_not_allowed', { instance: ctx.get('identity').requestId, headers: { allow: 'POST' } }),
  );
  // Anybody may ask for it: it does what commands have asked for already, and tells nothing.
  app.post(carryOutPath, async (ctx) => {
    const address = access.parseIngestAddress(ctx.req.param('address'));
    const { requestId, correlationId, traceparent } = ctx.get('identity');
    if (address !== null) await ports.receive.carrier.carryOut(address, { requestId, correlationId, traceparent });
    return ctx.json({ status: 'ACCEPTED' }, 202);
  });
  app.all(carryOutPath, (ctx) =>
    problem('method_not_allowed', { instance: ctx.get('identity').requestId, headers: { allow: 'POST' } }),
  );
  app.get('/healthz', (ctx) => ctx.json({ status: 'ok' }));
  app.get('/readyz', async (ctx) =>
    (await ports.isReady()) ? ctx.json({ status: 'ready' }) : problem('database_unavailable'),
  );
  app.notFound((ctx) => problem('not_found', { instance: ctx.get('identity').requestId }));
  app.onError((error, ctx) => {
    ports.logger.error({ err: error }, 'a handler threw');
    return problem('internal_error', { instance: ctx.get('identity').requestId });
  });
  return app;
}
