import type { Logger } from '../logging/logger.ts';
import { openServer } from '../http/open-server.ts';
import { type MetricSource, renderMetrics } from './render-metrics.ts';

export interface MetricsServer {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Serves GET /metrics and nothing else, on a port of its own, so that the address that requests come to never shows
 * them. Throws `PortUnavailable` when the port is taken.
 */
export function serveMetrics(options: {
  readonly port: number;
  readonly metrics: MetricSource;
  readonly logger: Logger;
  readonly hostname?: string;
}): MetricsServer {
  const { metrics, logger } = options;

  async function answer(request: Request): Promise<Response> {
    if (new URL(request.url).pathname !== '/metrics') return new Response(null, { status: 404 });
    if (request.method !== 'GET') return new Response(null, { status: 405, headers: { allow: 'GET' } });
    try {
      const { contentType, body } = await renderMetrics(metrics, request.headers.get('accept'));
      return new Response(body, { headers: { 'content-type': contentType, 'cache-control': 'no-store' } });
    } catch (error) {
      logger.error({ err: error }, 'the metrics could not be read');
      return new Response(null, { status: 500 });
    }
  }

  const server = openServer({
    port: options.port,
    portVariable: 'KF_METRICS_PORT',
    hostname: options.hostname ?? '0.0.0.0',
    maxRequestBodySize: 0,
    fetch: answer,
  });
  return { port: server.port ?? options.port, stop: () => server.stop(true) };
}
