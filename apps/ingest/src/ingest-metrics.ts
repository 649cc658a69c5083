import { durationBucketsSeconds, type Metrics } from '@karmanflow/runtime';

/**
 * accepted       a command ran for the first time and succeeded
 * refused        a command ran for the first time and was refused, denied or paused
 * replayed       the message came before and was answered with its receipt
 * unauthentic    no source, or no signature of one
 * without_effect authentic, and it asks for nothing
 * quarantined    authentic, but not to be turned into a command now: held until somebody decides
 * suspected      authentic, but its content came before under another id: held, or refused
 * rejected       the executor did not take the command, or its key belongs to another content
 * failed         we could not look something up; the sender tries again
 * limited        more than its source may send now; the sender tries again
 * unreadable     the body is too large, encoded or broken off
 */
export const messageOutcomes = [
  'accepted',
  'refused',
  'replayed',
  'unauthentic',
  'without_effect',
  'quarantined',
  'suspected',
  'rejected',
  'failed',
  'limited',
  'unreadable',
] as const;
export type MessageOutcome = (typeof messageOutcomes)[number];

export const ingestPath = '/v1/ingest/:address';
export const carryOutPath = '/v1/ingest/:address/requests';
export const previewPath = '/v1/ingest/:address/preview';
const routes = [ingestPath, carryOutPath, previewPath, '/healthz', '/readyz', 'other'] as const;
export type Route = (typeof routes)[number];

/** The pattern of a path, for labels and lines. */
export function routeOf(path: string): Route {
  if (path === '/healthz' || path === '/readyz') return path;
  if (/^\/v1\/ingest\/[^/]+\/requests$/.test(path)) return carryOutPath;
  if (/^\/v1\/ingest\/[^/]+\/preview$/.test(path)) return previewPath;
  return /^\/v1\/ingest\/[^/]+$/.test(path) ? ingestPath : 'other';
}

const methods = ['GET', 'POST', 'OTHER'] as const;
const statusClasses = ['2xx', '3xx', '4xx', '5xx'] as const;

export interface IngestMetrics {
  readonly message: (outcome: MessageOutcome) => void;
  readonly request: (request: {
    readonly route: Route;
    readonly method: string;
    readonly status: number;
    readonly milliseconds: number;
  }) => void;
}

export function createIngestMetrics(metrics: Metrics): IngestMetrics {
  const messages = metrics.counter({
    name: 'kf_ingest_messages_total',
    help: 'Messages that arrived at an ingest address, by what became of them.',
    labels: { outcome: messageOutcomes },
  });
  const labels = { route: routes, method: methods, status: statusClasses };
  const requests = metrics.counter({
    name: 'kf_http_requests_total',
    help: 'HTTP requests by route pattern, method and class of status.',
    labels,
  });
  const durations = metrics.histogram({
    name: 'kf_http_request_duration_seconds',
    help: 'From the arrival of the headers to the answer.',
    labels,
    buckets: durationBucketsSeconds,
  });
  return {
    message: (outcome) => messages.increment({ outcome }),
    request({ route, method, status, milliseconds }) {
      const values = { route, method: methodOf(method), status: statusClasses[Math.floor(status / 100) - 2] ?? '5xx' };
      requests.increment(values);
      durations.observe(values, milliseconds / 1000);
    },
  };
}

function methodOf(method: string): (typeof methods)[number] {
  return method === 'GET' || method === 'POST' ? method : 'OTHER';
}
