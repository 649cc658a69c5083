import { problem } from '@karmanflow/runtime';
import type { Endpoint } from '../endpoint.ts';
import { jsonResponse } from '../json-response.ts';
import { documentResponse, problemResponses, schemaRef } from '../openapi.ts';
import type { Readiness } from '../readiness.ts';

/** For the platform: whether the process lives, and whether it should be sent requests. */
export function healthEndpoints(readiness: Readiness): Endpoint[] {
  const alive = documentResponse('Yes.', schemaRef('Health'));
  return [
    {
      method: 'get',
      path: '/healthz',
      operation: {
        operationId: 'health.live',
        summary: 'Whether the process lives. It does not ask the database, whose absence no restart would cure.',
        tags: ['operation'],
        responses: { 200: alive },
      },
      handle: ok,
    },
    {
      method: 'get',
      path: '/readyz',
      operation: {
        operationId: 'health.ready',
        summary: 'Whether this instance should be sent requests: its databases answer, and it is not shutting down.',
        tags: ['operation'],
        responses: { 200: alive, ...problemResponses(['database_unavailable', 'draining']) },
      },
      async handle({ notes }) {
        const state = await readiness.check();
        if (state === 'ready') return ok();
        notes.outcome = state;
        return problem(state);
      },
    },
  ];
}

function ok(): Response {
  return jsonResponse({ status: 'ok' });
}
