import { type Caller, pageLimit } from '@karmanflow/commands';
import { formatCursor, readCursor, type StreamFilters } from '@karmanflow/events';
import { problem } from '@karmanflow/runtime';
import { idShape, limits, type Scope } from '@karmanflow/schema';
import * as v from 'valibot';
import type { Endpoint } from '../endpoint.ts';
import type { EventFeed, Reading } from '../event-feed/event-feed.ts';
import { entityIdShape, entityTypeShape } from '../entity-shapes.ts';
import { eventFeedLimits, typesPerRequest } from '../event-feed/event-feed-limits.ts';
import type { Exchange } from '../exchange.ts';
import { jsonResponse } from '../json-response.ts';
import {
  documentResponse,
  everyRequest,
  problemResponses,
  queryParameters,
  readProblems,
  schemaRef,
  secured,
} from '../openapi.ts';
import { type ReadAccess, readEndpoint } from '../read-endpoint.ts';
import { eventStreamHeaders } from '../server-sent-event.ts';
import { stillAllowed } from '../still-allowed.ts';
import { jsonSchemaOf } from '../valibot-bridge.ts';

const type = 'event.list';
const scope = 'audit.event:read';
const lastEventIdHeader = 'last-event-id';

const latest = 'latest';
const waitText = v.pipe(
  v.string(),
  v.regex(/^(?:0|[1-9][0-9]?)$/, 'must be a whole number of seconds'),
  v.transform(Number),
  v.maxValue(eventFeedLimits.waitSeconds, `must be at most ${eventFeedLimits.waitSeconds}`),
);
const typeList = v.pipe(
  v.string(),
  v.maxLength(typesPerRequest * limits.textLength),
  v.regex(
    /^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*){0,2}(?:\.\*)?(?:,[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*){0,2}(?:\.\*)?)*$/,
    'must be event types or beginnings such as inventory.*, separated by commas',
  ),
  v.transform((text) => text.split(',')),
  v.maxLength(typesPerRequest, `must be at most ${typesPerRequest} types`),
);
const input = v.strictObject({
  after: v.optional(
    v.pipe(v.string(), v.regex(/^(?:latest|evc1_[A-Za-z0-9_-]{22})$/, 'must be a cursor of this API, or latest')),
  ),
  limit: pageLimit,
  wait: v.optional(waitText, '0'),
  type: v.optional(typeList),
  entityType: v.optional(entityTypeShape),
  entityId: v.optional(entityIdShape),
  receiptId: v.optional(idShape('receipt')),
  correlationId: v.optional(idShape('correlation')),
});
type Input = v.InferOutput<typeof input>;

const operation: Endpoint['operation'] = {
  operationId: type,
  summary:
    'The stream of the environment after a cursor, in its one order, without gaps: a page, which can wait for the next event, or live as server-sent events.',
  tags: ['audit'],
  ...secured,
  'x-karmanflow-risk': 'R0',
  'x-karmanflow-scope': scope,
  parameters: [
    ...queryParameters(jsonSchemaOf(input, 'input')),
    { $ref: '#/components/parameters/LastEventId' },
    ...everyRequest,
  ],
  responses: {
    200: {
      ...documentResponse('A page, perhaps empty; or the data of each message, until either side ends it.', {}),
      content: {
        'application/json': { schema: schemaRef('EventPage') },
        'text/event-stream': { schema: schemaRef('EventStreamData') },
      },
    },
    ...problemResponses([...readProblems, 'input_invalid', 'cursor_elsewhere', 'cursor_ahead', 'overloaded']),
  },
};

/** The stream of events of one environment, page by page and live. */
export function eventEndpoints({ authenticator, feed }: ReadAccess & { readonly feed: EventFeed }): Endpoint[] {
  async function answer(asked: Input, { caller, exchange }: { caller: Caller; exchange: Exchange }): Promise<Response> {
    const { request } = exchange;
    const isLive = wantsStream(request.headers);
    const begun = readAfter({ tenantId: caller.tenantId, environmentId: caller.environmentId }, asked, exchange);
    if (begun instanceof Response) return begun;
    // The router answers HEAD with what GET would say before its body, which here has no end.
    if (isLive && request.method === 'HEAD') return new Response(null, { headers: eventStreamHeaders });
    const reading: Reading = { ...begun, filters: filtersOf(asked), signal: request.signal };
    const isAllowed = (): Promise<boolean> =>
      stillAllowed(authenticator, { exchange, caller, read: { type, scope, environment: 'caller' } });
    if (isLive) {
      const opened = await feed.listen({ ...reading, isAllowed });
      return opened.ok ? new Response(opened.body, { headers: eventStreamHeaders }) : refuse(exchange, opened);
    }
    const read = await feed.page({ ...reading, limit: asked.limit, waitSeconds: asked.wait });
    if (!read.ok) return refuse(exchange, read);
    // Who waited may have lost the right to read meanwhile.
    if (asked.wait > 0 && !(await isAllowed())) return refuse(exchange, { code: 'unauthenticated' });
    const { events, seq, hasMore } = read.page;
    return jsonResponse({ events, seq, cursor: formatCursor(begun.scope, seq), hasMore });
  }

  return [
    readEndpoint(
      { authenticator },
      {
        path: '/v1/events',
        type,
        scope,
        input,
        operation,
        // What its own schema made of the query string.
        answer: (asked, context) => answer(asked as Input, context),
      },
    ),
  ];
}

/** Where to begin, by the header that a browser sends when it connects again, or else by the query. */
function readAfter(place: Scope, { after }: Input, exchange: Exchange): Response | Pick<Reading, 'scope' | 'after'> {
  const { headers } = exchange.request;
  const lastEventId = wantsStream(headers) ? headers.get(lastEventIdHeader) : null;
  const text = lastEventId ?? after;
  if (text === undefined) return { scope: place, after: 0 };
  if (text === latest) return { scope: place, after: latest };
  const read = readCursor(place, text);
  if (read.ok) return { scope: place, after: read.seq };
  if (read.code === 'elsewhere') return refuse(exchange, { code: 'cursor_elsewhere' });
  if (lastEventId !== null) {
    return refuse(exchange, {
      code: 'header_invalid',
      detail: 'Last-Event-ID must be the id of a message of this stream',
    });
  }
  exchange.notes.outcome = 'input_invalid';
  return problem('input_invalid', {
    extensions: { issues: [{ path: 'after', message: 'must be a cursor of this API' }] },
  });
}

function filtersOf({ type: types, entityType, entityId, receiptId, correlationId }: Input): StreamFilters {
  const entity = {
    ...(entityType === undefined ? {} : { type: entityType }),
    ...(entityId === undefined ? {} : { id: entityId }),
  };
  return {
    ...(types === undefined ? {} : { types }),
    ...(entityType === undefined && entityId === undefined ? {} : { entity }),
    ...(receiptId === undefined ? {} : { receiptId }),
    ...(correlationId === undefined ? {} : { correlationId }),
  };
}

/** RFC 9110 section 12.5.1, as far as there is a choice of two: a stream is sent to who names it and does not refuse it. */
function wantsStream(headers: Headers): boolean {
  const ranges = (headers.get('accept') ?? '').toLowerCase().split(',');
  return ranges.some(
    (range) => /^\s*text\/event-stream\s*(?:;|$)/.test(range) && !/;\s*q=0(?:\.0*)?\s*(?:;|$)/.test(range),
  );
}

function refuse(
  exchange: Exchange,
  reason: {
    readonly code:
      | 'cursor_elsewhere'
      | 'cursor_ahead'
      | 'overloaded'
      | 'draining'
      | 'header_invalid'
      | 'unauthenticated';
    readonly detail?: string;
  },
): Response {
  const { code, detail } = reason;
  exchange.notes.outcome = code;
  return problem(code, detail === undefined ? {} : { detail });
}
