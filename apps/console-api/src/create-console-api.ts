import { OpenAPIHono } from '@hono/zod-openapi';
import { access, type Executor, type Registry } from '@karmanflow/commands';
import type { KeySetDocument, ReceiptSigner } from '@karmanflow/receipts';
import {
  type LogArchive,
  type Logger,
  type Metrics,
  type Profile,
  secureHeaders,
  type Telemetry,
} from '@karmanflow/runtime';
import type { Database, Id } from '@karmanflow/schema';
import type { WebhookMaster } from '@karmanflow/webhooks';
import type { ApiDocument } from './api-document.ts';
import { auditBundleBounds, type AuditBundleBounds } from './audit-bundle/audit-bundle-bounds.ts';
import { auditBundleEndpoints } from './audit-bundle/audit-bundle-endpoint.ts';
import { createAuditBundles } from './audit-bundle/audit-bundles.ts';
import { createApprovalFeed } from './approval-feed/approval-feed.ts';
import { feedLimits, type FeedLimits } from './approval-feed/feed-limits.ts';
import type { Credentials } from './authentication.ts';
import { describeApi } from './describe-api.ts';
import { registerEndpoints, unmatchedRoute } from './endpoint.ts';
import { createEventFeed } from './event-feed/event-feed.ts';
import { eventFeedLimits, type EventFeedLimits } from './event-feed/event-feed-limits.ts';
import { createHttpMetrics } from './http-metrics.ts';
import { waitsForApproval } from './openapi.ts';
import { registerComponents } from './openapi-components.ts';
import { createPublishedLog } from './published-log/published-log.ts';
import { publishedLogLimits, type PublishedLogLimits } from './published-log/published-log-limits.ts';
import { createReadiness } from './readiness.ts';
import { approvalFeedEndpoints } from './routes/approval-feed.ts';
import { capabilityEndpoints } from './routes/capabilities.ts';
import { createTenantCompletion } from './complete-tenant.ts';
import { commandEndpoints } from './routes/commands.ts';
import { documentEndpoints } from './routes/documents.ts';
import { eventEndpoints } from './routes/events.ts';
import { healthEndpoints } from './routes/health.ts';
import { logEndpoints } from './routes/log.ts';
import { queryEndpoints } from './routes/queries.ts';
import { receiptEndpoints } from './routes/receipts.ts';
import { createSessions, type SessionParts } from './sessions/create-sessions.ts';
import { loginEndpoints } from './sessions/login-endpoints.ts';
import { sessionEndpoints } from './sessions/session-endpoints.ts';
import { webhookEndpoints } from './webhooks/webhook-endpoints.ts';

export interface ConsoleApiParts {
  readonly registry: Registry;
  readonly executor: Executor;
  /** Of the role kf_command, which the executor writes with; only asked here whether it answers. */
  readonly database: Database;
  /** Of the role kf_read: credentials, queries, receipts and events. */
  readonly readDatabase: Database;
  readonly keySet: KeySetDocument;
  /** Signs the end of an audit bundle, with a key of the key set. */
  readonly signer: Pick<ReceiptSigner, 'sign' | 'keyId'>;
  readonly tracer: Telemetry['tracer'];
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly profile: Profile;
  /** Without a slash at the end. */
  readonly publicUrl: string;
  /** What people need to log in; without it there are keys alone. */
  readonly sessions?: SessionParts;
  /** The tenant whose people create others; without it `platform.create_tenant` is a note and no more. */
  readonly platformTenantId?: () => Id<'tenant'> | null;
  /** Verifier keys of the log of logs (C2SP signed-note), which sign for every tenant's; none are told where none are named. */
  readonly logKeys?: readonly string[];
  /** What differs from the usual bounds of exporting audit bundles. */
  readonly auditBundleBounds?: Partial<AuditBundleBounds>;
  /** Where the logs are published; without it there are no proofs. */
  readonly logArchive?: LogArchive | null;
  /** From which the secrets of webhooks follow; without it none are shown, and there is nothing to poll. */
  readonly webhookMaster?: WebhookMaster | null;
  /** What differs from the usual bounds of the feed of approvals. */
  readonly feedLimits?: Partial<FeedLimits>;
  /** What differs from the usual bounds of reading events. */
  readonly eventFeedLimits?: Partial<EventFeedLimits>;
  /** What differs from the usual bounds of answering from the logs. */
  readonly publishedLogLimits?: Partial<PublishedLogLimits>;
}

export interface ConsoleApi {
  readonly fetch: (request: Request) => Response | Promise<Response>;
  readonly document: ApiDocument;
  /** Every route of the router, as `METHOD /path` in the form of OpenAPI; `ALL` for what answers other methods. */
  readonly routes: readonly string[];
  /** Readiness turns into 503 at once, and streams that would never end by themselves end; everything else goes on. */
  beginDraining(): void;
}

/** The HTTP API over a registry: REST, its description, and the health of the process. It holds no rule of its own. */
export function createConsoleApi(parts: ConsoleApiParts): ConsoleApi {
  const { registry, executor, readDatabase } = parts;
  const commands = [...registry.commands.values()].filter(({ internal }) => internal !== true);
  const sessions = parts.sessions === undefined ? null : createSessions({ ...parts, ...parts.sessions });
  const keys = access.createAuthenticator({ database: readDatabase, now: () => Date.now() });
  const authenticator: Credentials = {
    authenticate: (key) => keys.authenticate(key),
    sessions: sessions?.gate ?? null,
  };
  const readiness = createReadiness([parts.database, readDatabase]);
  const reading = { authenticator, registry, database: readDatabase };
  const feed = createApprovalFeed({
    database: readDatabase,
    metrics: parts.metrics,
    limits: { ...feedLimits, ...parts.feedLimits },
    now: () => performance.now(),
    onError: (error) => parts.logger.error({ err: error }, 'the feed of approvals failed'),
  });
  const events = createEventFeed({
    database: readDatabase,
    metrics: parts.metrics,
    limits: { ...eventFeedLimits, ...parts.eventFeedLimits },
    now: () => performance.now(),
    onError: (error) => parts.logger.error({ err: error }, 'a stream of events failed'),
  });
  const bundles = createAuditBundles({
    database: readDatabase,
    keySet: parts.keySet,
    signer: parts.signer,
    logKeys: parts.logKeys ?? [],
    metrics: parts.metrics,
    bounds: { ...auditBundleBounds, ...parts.auditBundleBounds },
    monotonicNow: () => performance.now(),
    now: () => Date.now(),
    onError: (error) => parts.logger.error({ err: error }, 'an audit bundle was cut off'),
  });
  const log = createPublishedLog({
    database: readDatabase,
    archive: parts.logArchive ?? null,
    limits: { ...publishedLogLimits, ...parts.publishedLogLimits },
    now: () => performance.now(),
    sleep: (milliseconds) => Bun.sleep(milliseconds),
  });
  const completion = createTenantCompletion({
    executor,
    database: readDatabase,
    platformTenantId: parts.platformTenantId ?? (() => null),
  });
  const webhookMaster = parts.webhookMaster ?? null;
  const app = new OpenAPIHono();
  const documentOf = (): ApiDocument => document;
  const endpoints = [
    ...commandEndpoints(commands, { executor, authenticator, completion, log, webhookMaster }),
    ...queryEndpoints(reading),
    ...webhookEndpoints({ ...reading, master: webhookMaster, now: () => Date.now() }),
    ...receiptEndpoints({ ...reading, log, keySet: parts.keySet }),
    ...logEndpoints({ log, logKeys: parts.logKeys ?? [] }),
    ...eventEndpoints({ authenticator, feed: events }),
    ...auditBundleEndpoints({ authenticator, database: readDatabase, bundles, logArchive: parts.logArchive ?? null }),
    ...capabilityEndpoints(reading),
    ...approvalFeedEndpoints({ authenticator, feed }),
    ...sessionEndpoints({ credentials: authenticator, sessions }),
    ...loginEndpoints(sessions),
    ...documentEndpoints(documentOf),
    ...healthEndpoints(readiness),
  ];
  const routes = [...new Set(endpoints.map(({ path }) => path)), unmatchedRoute];
  app.use(secureHeaders({ profile: parts.profile }));
  registerEndpoints(app, endpoints, {
    tracer: parts.tracer,
    logger: parts.logger,
    httpMetrics: createHttpMetrics(parts.metrics, routes),
  });
  const answered = commands.filter((definition) => !waitsForApproval(definition));
  registerComponents(app, [...answered, ...registry.queries.values()]);
  const document = describeApi(app, parts);
  measureReadPool(parts);
  return {
    fetch: (request) => {
      if (sessions === null || !request.headers.has('cookie')) return app.fetch(request);
      return withCookies(app.fetch(request), () => sessions.gate.cookiesFor(request));
    },
    document,
    routes: app.routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(?:\{\.\+\})?/g, '{$1}')}`),
    beginDraining: () => {
      readiness.beginDraining();
      feed.close();
      bundles.close();
      events.close();
      log.close();
    },
  };
}

/** Adds what a session has to tell its browser to the answer, whichever endpoint gave it. */
async function withCookies(
  answering: Response | Promise<Response>,
  cookies: () => readonly string[],
): Promise<Response> {
  const response = await answering;
  for (const cookie of cookies()) response.headers.append('set-cookie', cookie);
  return response;
}

/** The pool of the executor is measured where the executor is composed; this is the one beside it. */
function measureReadPool({ metrics, readDatabase }: ConsoleApiParts): void {
  metrics.measured({
    name: 'kf_read_database_connections',
    help: 'Open connections of the pool for reading.',
    read: () => readDatabase.load().total,
  });
  metrics.measured({
    name: 'kf_read_database_waiting_callers',
    help: 'Callers that wait for a connection for reading.',
    read: () => readDatabase.load().waiting,
  });
}
