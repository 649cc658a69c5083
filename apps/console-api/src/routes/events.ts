import { isEventCursor, readEvents, startCursor } from '@karmanflow/events';
import { pageLimit } from '@karmanflow/commands';
import type { Database } from '@karmanflow/schema';
import * as v from 'valibot';
import type { Endpoint } from '../endpoint.ts';
import { jsonResponse } from '../json-response.ts';
import {
  everyRequest,
  documentResponse,
  problemResponses,
  queryParameters,
  readProblems,
  schemaRef,
  secured,
} from '../openapi.ts';
import { type ReadAccess, readEndpoint } from '../read-endpoint.ts';
import { jsonSchemaOf } from '../valibot-bridge.ts';

const scope = 'audit.event:read';
/** Transaction ids of Postgres are unsigned 64-bit numbers, and it would read one with a zero before it as octal. */
const transactionMax = 2n ** 64n - 1n;

const cursor = v.pipe(
  v.string(),
  v.regex(
    /^(?:0|[1-9][0-9]{0,19})\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    'must be a cursor of this API',
  ),
  v.check(isCursor, 'must be a cursor of this API'),
);
const input = v.strictObject({ after: v.optional(cursor, startCursor), limit: pageLimit });

/** The stream of one environment, page by page. */
export function eventEndpoints(parts: ReadAccess & { readonly database: Database }): Endpoint[] {
  return [
    readEndpoint(parts, {
      path: '/v1/events',
      type: 'event.list',
      scope,
      input,
      operation: {
        operationId: 'event.list',
        summary: 'Events of the environment after a cursor. None ever appears behind a cursor that was given out.',
        tags: ['audit'],
        ...secured,
        'x-karmanflow-risk': 'R0',
        'x-karmanflow-scope': scope,
        parameters: [...queryParameters(jsonSchemaOf(input, 'input')), ...everyRequest],
        responses: {
          200: documentResponse('A page, perhaps empty.', schemaRef('EventPage')),
          ...problemResponses([...readProblems, 'input_invalid']),
        },
      },
      async answer(asked, { caller }) {
        const { after, limit } = v.parse(v.object({ after: v.string(), limit: v.number() }), asked);
        const { tenantId, environmentId } = caller;
        return jsonResponse(await readEvents(parts.database, { scope: { tenantId, environmentId }, after, limit }));
      },
    }),
  ];
}

function isCursor(text: string): boolean {
  return isEventCursor(text) && BigInt(text.slice(0, text.indexOf('.'))) <= transactionMax;
}
