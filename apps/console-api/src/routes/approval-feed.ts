import { type CommandEnvironment, scopeOf } from '@karmanflow/commands';

import { problem } from '@karmanflow/runtime';
import * as v from 'valibot';
import type { ApprovalFeed } from '../approval-feed/approval-feed.ts';
import { isFeedCursor } from '../approval-feed/feed-cursor.ts';
import { authenticate } from '../authentication.ts';
import { denyRead } from '../deny-read.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Exchange } from '../exchange.ts';
import {
  documentResponse,
  everyRequest,
  problemResponses,
  queryParameters,
  readProblems,
  schemaRef,
  secured,
} from '../openapi.ts';
import { fieldsOf, type ReadAccess } from '../read-endpoint.ts';
import { eventStreamHeaders } from '../server-sent-event.ts';
import { stillAllowed } from '../still-allowed.ts';
import { jsonSchemaOf, queryInput, readInput } from '../valibot-bridge.ts';

const type = 'approval.feed';
const scope = 'governance.approval:read';
const path = '/v1/approval/feed';
const lastEventIdHeader = 'last-event-id';
const input = v.strictObject({ level: v.optional(v.picklist(['environment', 'tenant']), 'environment') });
const fields = queryInput({ input });

const operation: Endpoint['operation'] = {
  operationId: type,
  summary:
    'Approvals that wait, and each change of one, as server-sent events: snapshot, then requested, voted and ended. Goes on after Last-Event-ID.',
  tags: ['approval'],
  ...secured,
  'x-karmanflow-risk': 'R0',
  'x-karmanflow-scope': scope,
  parameters: [
    ...queryParameters(jsonSchemaOf(input, 'input')),
    { $ref: '#/components/parameters/LastEventId' },
    ...everyRequest,
  ],
  responses: {
    200: documentResponse(
      'The data of each message, until either side ends it.',
      schemaRef('ApprovalFeedData'),
      'text/event-stream',
    ),
    ...problemResponses([...readProblems, 'input_invalid', 'overloaded']),
  },
};

/** The live feed of approvals: those of the caller's environment, or those that concern the tenant as a whole. */
export function approvalFeedEndpoints({
  authenticator,
  feed,
}: ReadAccess & { readonly feed: ApprovalFeed }): Endpoint[] {
  async function handle(exchange: Exchange): Promise<Response> {
    const { request, notes } = exchange;
    notes.queryType = type;
    const authenticated = await authenticate(authenticator, exchange);
    if (!authenticated.ok) return authenticated.response;
    const { caller } = authenticated;
    const given = fieldsOf(exchange, []);
    const parsed = given.ok ? readInput(fields, given.value) : given;
    const environment: CommandEnvironment =
      parsed.ok && v.parse(input, parsed.value).level === 'tenant' ? 'control' : 'caller';
    const denial = denyRead(caller, { type, scope, environment });
    if (denial !== null) return noted(exchange, 'policy_denied', denial);
    if (!parsed.ok) {
      return noted(exchange, 'input_invalid', problem('input_invalid', { extensions: { issues: parsed.issues } }));
    }
    const after = request.headers.get(lastEventIdHeader);
    if (after !== null && !isFeedCursor(after)) {
      const detail = 'Last-Event-ID must be the id of a message of this feed';
      return noted(exchange, 'header_invalid', problem('header_invalid', { detail }));
    }
    // The router answers HEAD with what GET would say before its body, which here has no end.
    if (request.method === 'HEAD') return new Response(null, { headers: eventStreamHeaders });
    const opened = await feed.listen({
      scope: scopeOf(caller, environment),
      after,
      signal: request.signal,
      isAllowed: () => stillAllowed(authenticator, { exchange, caller, read: { type, scope, environment } }),
    });
    if (!opened.ok) return noted(exchange, opened.code, problem(opened.code, { detail: opened.detail }));
    return new Response(opened.body, { headers: eventStreamHeaders });
  }

  return [{ method: 'get', path, operation, handle }];
}

function noted(exchange: Exchange, outcome: string, response: Response): Response {
  exchange.notes.outcome = outcome;
  return response;
}
