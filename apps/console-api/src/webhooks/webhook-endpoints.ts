import { pageLimit } from '@karmanflow/commands';
import { problem } from '@karmanflow/runtime';
import { type Database, idShape } from '@karmanflow/schema';
import type { WebhookMaster } from '@karmanflow/webhooks';
import * as v from 'valibot';
import type { Endpoint } from '../endpoint.ts';
import { jsonResponse } from '../json-response.ts';
import {
  documentResponse,
  everyRequest,
  problemResponses,
  queryParameters,
  readProblems,
  secured,
} from '../openapi.ts';
import { fieldsOf, type ReadAccess, readEndpoint } from '../read-endpoint.ts';
import { jsonSchemaOf, queryInput, readInput } from '../valibot-bridge.ts';
import { pollDeliveries } from './poll-deliveries.ts';
import { pollLimits } from './poll-limits.ts';
import { readVerificationKeys } from './verification-keys.ts';
import { pollPageShape, verificationKeysShape } from './webhook-shapes.ts';

export interface WebhookEndpointParts extends ReadAccess {
  readonly database: Database;
  /** From which every secret follows; null where this deployment sends no webhooks. */
  readonly master: WebhookMaster | null;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

const scope = 'webhook.delivery:poll';
const cursor = v.pipe(
  v.string(),
  v.regex(
    /^[1-9][0-9]{0,8}\.(?:0|[1-9][0-9]{0,14})$/,
    'must be the header karmanflow-sequence, or a cursor of this API',
  ),
  v.examples(['1.0']),
);
const pollInput = v.strictObject({
  subscriptionId: idShape('webhookSubscription'),
  after: v.optional(cursor),
  limit: pageLimit,
});
const keysInput = v.strictObject({
  tenantId: idShape('tenant'),
  environmentId: idShape('environment'),
  subscriptionId: idShape('webhookSubscription'),
});

/** What partners read themselves: deliveries that could not be pushed, and the keys that verify them. */
export function webhookEndpoints(parts: WebhookEndpointParts): Endpoint[] {
  return [pollEndpoint(parts), keysEndpoint(parts)];
}

function pollEndpoint(parts: WebhookEndpointParts): Endpoint {
  const { subscriptionId, ...query } = pollInput.entries;
  return readEndpoint(parts, {
    path: '/v1/webhook/subscriptions/{subscriptionId}/poll',
    type: 'webhook.poll',
    scope,
    input: pollInput,
    operation: {
      operationId: 'webhook.poll',
      summary:
        'Deliveries of a subscription behind a cursor: the same messages as pushed ones, with their ids and signatures, and what push has not delivered.',
      tags: ['webhook'],
      ...secured,
      'x-karmanflow-risk': 'R0',
      'x-karmanflow-scope': scope,
      parameters: [
        {
          name: 'subscriptionId',
          in: 'path',
          required: true,
          schema: jsonSchemaOf(subscriptionId, 'input') as object,
        },
        ...queryParameters(jsonSchemaOf(v.strictObject(query), 'input')),
        ...everyRequest,
      ],
      responses: {
        200: documentResponse('A page, perhaps empty.', jsonSchemaOf(pollPageShape, 'output')),
        ...problemResponses([...readProblems, 'input_invalid', 'not_found', 'cursor_ahead']),
      },
    },
    async answer(asked, { caller, exchange }) {
      const { after, limit, subscriptionId: id } = v.parse(parsedPoll, asked);
      const { master } = parts;
      const [generation = 0, ordinal = 0] = (after ?? '').split('.').map(Number);
      const polled =
        master === null
          ? ({ ok: false, code: 'not_found' } as const)
          : await pollDeliveries(parts.database, {
              scope: { tenantId: caller.tenantId, environmentId: caller.environmentId },
              subscriptionId: id,
              after: after === undefined ? null : { generation, ordinal },
              limit,
              master,
              nowMilliseconds: parts.now(),
            });
      if (polled.ok) return jsonResponse(polled.page);
      exchange.notes.outcome = polled.code;
      return problem(polled.code);
    },
  });
}

/** What the schema of the input made of it. */
const parsedPoll = v.object({
  subscriptionId: idShape('webhookSubscription'),
  after: v.optional(v.string()),
  limit: v.number(),
});

function keysEndpoint({ database, master, now }: WebhookEndpointParts): Endpoint {
  const input = queryInput({ input: keysInput });
  return {
    method: 'get',
    path: '/.well-known/karmanflow/webhook-keys.json',
    operation: {
      operationId: 'webhook_keys.get',
      summary:
        'The public keys (Ed25519, `whpk_…`) with which anybody verifies the v1a signatures of a subscription, that of now first.',
      tags: ['webhook'],
      parameters: queryParameters(jsonSchemaOf(keysInput, 'input')),
      responses: {
        200: documentResponse('The keys.', jsonSchemaOf(verificationKeysShape, 'output')),
        ...problemResponses(['input_invalid', 'not_found', 'internal_error', 'draining', 'database_unavailable']),
      },
    },
    async handle(exchange) {
      const fields = fieldsOf(exchange, []);
      const parsed = fields.ok ? readInput(input, fields.value) : fields;
      if (!parsed.ok) {
        exchange.notes.outcome = 'input_invalid';
        return problem('input_invalid', { extensions: { issues: parsed.issues } });
      }
      const { subscriptionId, ...scopeOf } = v.parse(keysInput, parsed.value);
      const found =
        master === null
          ? null
          : await readVerificationKeys(database, { scope: scopeOf, subscriptionId, master, nowMilliseconds: now() });
      if (found === null) {
        exchange.notes.outcome = 'not_found';
        return problem('not_found');
      }
      const response = jsonResponse(found);
      response.headers.set('cache-control', `public, max-age=${pollLimits.keysMaxAgeSeconds}`);
      return response;
    },
  };
}
