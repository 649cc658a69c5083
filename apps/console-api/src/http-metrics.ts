import { durationBucketsSeconds, type Metrics } from '@karmanflow/runtime';

const methods = ['GET', 'POST', 'OTHER'] as const;
const statusClasses = ['2xx', '3xx', '4xx', '5xx'] as const;

export interface HttpMetrics {
  record(request: {
    readonly route: string;
    readonly method: string;
    readonly status: number;
    readonly milliseconds: number;
  }): void;
}

/** Counts and times requests by route pattern, method and class of status: labels from closed lists, never from a request. */
export function createHttpMetrics(metrics: Metrics, routes: readonly string[]): HttpMetrics {
  const labels = { route: routes, method: methods, status: statusClasses };
  const requests = metrics.counter({
    name: 'kf_http_requests_total',
    help: 'HTTP requests by route pattern, method and class of status.',
    labels,
  });
  const duration = metrics.histogram({
    name: 'kf_http_request_duration_seconds',
    help: 'From the arrival of the headers to the answer.',
    labels,
    buckets: durationBucketsSeconds,
  });
  return {
    record({ route, method, status, milliseconds }) {
      const values = { route, method: methodOf(method), status: statusClasses[Math.floor(status / 100) - 2] ?? '5xx' };
      requests.increment(values);
      duration.observe(values, milliseconds / 1000);
    },
  };
}

function methodOf(method: string): (typeof methods)[number] {
  return method === 'GET' || method === 'POST' ? method : 'OTHER';
}
