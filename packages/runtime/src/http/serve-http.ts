import { limits } from '@karmanflow/schema';
import type { Logger } from '../logging/logger.ts';
import { openServer } from './open-server.ts';
import { problem } from './problem.ts';

export interface HttpServerOptions {
  readonly port: number;
  readonly hostname: string;
  /** For example the `fetch` of a Hono app. The server lets a stream switch off its idle timeout. */
  readonly fetch: (request: Request, server: Bun.Server<undefined>) => Response | Promise<Response>;
  /**
   * The most that Bun takes in before it answers 413 by itself, without a body. Somewhat above the bound that the app
   * gives to `readBoundedBody`, whose refusal explains itself.
   */
  readonly maxRequestBodyBytes: number;
  /** How long a connection may be silent, also while a request is worked on; 1 to 255. */
  readonly idleTimeoutSeconds: number;
  readonly logger: Logger;
  readonly drainMilliseconds?: number;
}

export interface HttpServer {
  readonly port: number;
  /** Stops accepting at once, lets requests in flight finish until the deadline, then cuts them off. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Serves HTTP until stopped. An exception of the handler is logged and answered with `internal_error`, without a word of
 * it. Throws `PortUnavailable`, naming KF_PORT, when the port is taken.
 */
export function serveHttp(options: HttpServerOptions): HttpServer {
  const { logger } = options;
  const drainMilliseconds = options.drainMilliseconds ?? limits.drainMilliseconds;
  let stopped: Promise<void> | undefined;

  async function answer(request: Request, from: Bun.Server<undefined>): Promise<Response> {
    // A connection that is kept alive may bring another request after the listening has ended.
    if (stopped !== undefined) return problem('draining', { headers: { connection: 'close' } });
    try {
      return await options.fetch(request, from);
    } catch (error) {
      logger.error({ err: error, method: request.method, path: new URL(request.url).pathname }, 'a handler threw');
      return problem('internal_error');
    }
  }

  const server = openServer({
    port: options.port,
    portVariable: 'KF_PORT',
    hostname: options.hostname,
    maxRequestBodySize: options.maxRequestBodyBytes,
    idleTimeout: options.idleTimeoutSeconds,
    fetch: answer,
    error: (error) => {
      logger.error({ err: error }, 'a response could not be sent');
      return problem('internal_error');
    },
  });

  async function drain(): Promise<void> {
    logger.info({ requestsInFlight: server.pendingRequests }, 'no longer accepting requests');
    let timer: Timer | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), drainMilliseconds);
    });
    const outcome = await Promise.race([server.stop(false), late]);
    clearTimeout(timer);
    if (outcome !== 'late') return;
    logger.warn(
      { requestsInFlight: server.pendingRequests, drainMilliseconds },
      'cutting off requests at the deadline',
    );
    await server.stop(true);
  }

  return {
    port: server.port ?? options.port,
    stop() {
      stopped ??= drain();
      return stopped;
    },
  };
}
