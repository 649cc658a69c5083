import { type CommandEnvironment, pageLimit, scopeOf } from '@karmanflow/commands';
import type { KeySetDocument } from '@karmanflow/receipts';
import { problem } from '@karmanflow/runtime';
import { type Database, type Id, idShape, limits, type Scope, timestampShape, toUuid } from '@karmanflow/schema';
import * as v from 'valibot';
import { documentText } from '../command-response.ts';
import type { Endpoint } from '../endpoint.ts';
import { jsonTextResponse } from '../json-response.ts';
import {
  documentResponse,
  everyRequest,
  problemResponses,
  queryParameters,
  readProblems,
  schemaRef,
  secured,
} from '../openapi.ts';
import type { PublishedLog } from '../published-log/published-log.ts';
import { type ReadAccess, readEndpoint } from '../read-endpoint.ts';
import { type ReceiptFilters, readReceipts } from '../receipt-search/read-receipts.ts';
import { scannedReceipts } from '../receipt-search/receipt-search-limits.ts';
import { entityIdShape, entityTypeShape } from '../entity-shapes.ts';
import { jsonSchemaOf } from '../valibot-bridge.ts';

const keySetMaxAgeSeconds = 300;
/** RFC 7517 section 8.5.2. */
const keySetMediaType = 'application/jwk-set+json';
const scope = 'audit.receipt:read';

/** Receipts of commands that concern the tenant as a whole stand apart from those of its environments. */
const level = v.optional(v.picklist(['environment', 'tenant']), 'environment');
const levelShape = v.object({ level });
const environmentOf = (asked: unknown): CommandEnvironment =>
  v.parse(levelShape, asked).level === 'tenant' ? 'control' : 'caller';

const one = v.strictObject({ receiptId: idShape('receipt'), level });
const search = v.pipe(
  v.strictObject({
    level,
    after: v.optional(idShape('receipt')),
    limit: pageLimit,
    actorId: v.optional(idShape('principal')),
    command: v.optional(
      v.pipe(v.string(), v.maxLength(limits.textLength), v.regex(/^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/)),
    ),
    status: v.optional(v.picklist(['SUCCEEDED', 'REFUSED', 'DENIED', 'PENDING_APPROVAL'])),
    entityType: v.optional(entityTypeShape),
    entityId: v.optional(entityIdShape),
    from: v.optional(timestampShape),
    to: v.optional(timestampShape),
    correlationId: v.optional(idShape('correlation')),
    traceId: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits'))),
  }),
  v.check(
    ({ entityType, entityId }) => entityType === undefined || entityId !== undefined,
    'entityType needs an entityId',
  ),
);
type Search = v.InferOutput<typeof search>;

/** Receipts, their proofs, and the public keys with which anybody verifies them. */
export function receiptEndpoints(
  parts: ReadAccess & { readonly database: Database; readonly log: PublishedLog; readonly keySet: KeySetDocument },
): Endpoint[] {
  const keySetText = JSON.stringify(parts.keySet);
  return [
    readEndpoint(parts, {
      path: '/v1/receipts',
      type: 'receipt.search',
      scope,
      environment: environmentOf,
      input: search,
      operation: {
        ...described('receipt.search', 'Receipts of the environment, the newest first, by what they say.'),
        parameters: [...queryParameters(jsonSchemaOf(search, 'input')), ...everyRequest],
        responses: {
          200: documentResponse(
            'A page. While it has a cursor there may be more, also when it is empty.',
            schemaRef('ReceiptPage'),
          ),
          ...problemResponses([...readProblems, 'input_invalid']),
        },
      },
      // What its own schema made of the query string.
      answer: (asked, { caller, environment }) =>
        searched(parts.database, scopeOf(caller, environment), asked as Search),
    }),
    readEndpoint(parts, {
      path: '/v1/receipts/{receiptId}',
      type: 'receipt.get',
      scope,
      environment: environmentOf,
      input: one,
      operation: {
        ...described('receipt.get', 'One receipt of the environment, with the very bytes that were signed.'),
        parameters: oneParameters,
        responses: {
          200: documentResponse('The receipt.', schemaRef('ReceiptDocument')),
          ...problemResponses([...readProblems, 'input_invalid', 'not_found']),
        },
      },
      async answer(asked, { caller, exchange, environment }) {
        const { receiptId } = v.parse(one, asked);
        exchange.notes.receiptId = receiptId;
        const text = await readReceipt(parts.database, { scope: scopeOf(caller, environment), receiptId });
        if (text !== null) return jsonTextResponse(text);
        exchange.notes.outcome = 'not_found';
        return problem('not_found');
      },
    }),
    proofEndpoint(parts),
    {
      method: 'get',
      path: '/.well-known/karmanflow/receipt-keys.json',
      operation: {
        operationId: 'receipt_keys.get',
        summary: 'The public keys of all receipts: a JWK Set (RFC 7517) with the validity of each key.',
        tags: ['audit'],
        responses: { 200: documentResponse('The key set.', schemaRef('ReceiptKeySet'), keySetMediaType) },
      },
      handle: () =>
        new Response(keySetText, {
          headers: { 'content-type': keySetMediaType, 'cache-control': `public, max-age=${keySetMaxAgeSeconds}` },
        }),
    },
  ];
}

const described = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ['audit'],
  ...secured,
  'x-karmanflow-risk': 'R0',
  'x-karmanflow-scope': scope,
});

const oneParameters = [
  {
    name: 'receiptId',
    in: 'path' as const,
    required: true,
    schema: jsonSchemaOf(idShape('receipt'), 'input') as object,
  },
  ...queryParameters(jsonSchemaOf(v.strictObject({ level }), 'input')),
  ...everyRequest,
];

function proofEndpoint(parts: ReadAccess & { readonly log: PublishedLog }): Endpoint {
  return readEndpoint(parts, {
    path: '/v1/receipts/{receiptId}/proof',
    type: 'receipt.prove',
    scope,
    environment: environmentOf,
    input: one,
    operation: {
      ...described(
        'receipt.prove',
        'The proof that a receipt is in the log of its tenant, for anybody to check offline (C2SP tlog-proof).',
      ),
      parameters: oneParameters,
      responses: {
        200: documentResponse(
          'The proof file, under the first checkpoint that covers the receipt.',
          { type: 'string' },
          'text/plain',
        ),
        ...problemResponses([...readProblems, 'input_invalid', 'not_found', 'proof_pending', 'log_unavailable']),
      },
    },
    async answer(asked, { caller, exchange, environment }) {
      const { receiptId } = v.parse(one, asked);
      exchange.notes.receiptId = receiptId;
      const answer = await parts.log.proofOf({ scope: scopeOf(caller, environment), receiptId });
      if (answer.ok) {
        const name = `attachment; filename="${receiptId}.tlog-proof"`;
        return new Response(answer.proof, {
          headers: { 'content-type': 'text/plain; charset=utf-8', 'content-disposition': name },
        });
      }
      exchange.notes.outcome = answer.code;
      return problem(answer.code);
    },
  });
}

async function searched(database: Database, place: Scope, asked: Search): Promise<Response> {
  const { receipts, cursor } = await readReceipts(database, {
    scope: place,
    after: asked.after ?? null,
    limit: asked.limit,
    scannedMax: scannedReceipts,
    filters: filtersOf(asked),
  });
  const end = `],"cursor":${JSON.stringify(cursor)},"hasMore":${cursor !== null}}`;
  return jsonTextResponse(`{"receipts":[${receipts.map(documentText).join(',')}${end}`);
}

/** Leaves out what is absent, which is not the same as what is undefined. */
function filtersOf(asked: Search): ReceiptFilters {
  const { actorId, command, status, entityType: type, entityId, from, to, correlationId, traceId } = asked;
  const entity = entityId === undefined ? undefined : { id: entityId, ...(type === undefined ? {} : { type }) };
  const all = { actorId, command, status, entity, from, to, correlationId, traceId };
  return Object.fromEntries(Object.entries(all).filter(([, filter]) => filter !== undefined));
}

/** The document of one receipt as text, or null when the environment has none of that id. */
async function readReceipt(
  database: Database,
  wanted: { readonly scope: Scope; readonly receiptId: Id<'receipt'> },
): Promise<string | null> {
  const { tenantId, environmentId } = wanted.scope;
  const row = await database.read(wanted.scope, (db) =>
    db
      .selectFrom('command_receipts')
      .select(['body', 'hash', 'signature', 'key_id'])
      .where('tenant_id', '=', toUuid(tenantId))
      .where('environment_id', '=', toUuid(environmentId))
      .where('id', '=', toUuid(wanted.receiptId))
      .executeTakeFirst(),
  );
  if (row === undefined) return null;
  return documentText({ bytes: row.body, hash: row.hash, signature: row.signature, keyId: row.key_id });
}
