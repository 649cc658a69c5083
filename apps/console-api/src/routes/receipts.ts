import { problem } from '@karmanflow/runtime';
import { type Database, type Id, idShape, toUuid } from '@karmanflow/schema';
import type { KeySetDocument } from '@karmanflow/receipts';
import * as v from 'valibot';
import { documentText } from '../command-response.ts';
import type { Endpoint } from '../endpoint.ts';
import { jsonTextResponse } from '../json-response.ts';
import { everyRequest, documentResponse, problemResponses, readProblems, schemaRef, secured } from '../openapi.ts';
import { type ReadAccess, readEndpoint } from '../read-endpoint.ts';
import { jsonSchemaOf } from '../valibot-bridge.ts';

const keySetMaxAgeSeconds = 300;
/** RFC 7517 section 8.5.2. */
const keySetMediaType = 'application/jwk-set+json';
const scope = 'audit.receipt:read';
const input = v.strictObject({ receiptId: idShape('receipt') });

/** Receipts, and the public keys with which anybody verifies them. */
export function receiptEndpoints(
  parts: ReadAccess & { readonly database: Database; readonly keySet: KeySetDocument },
): Endpoint[] {
  const keySetText = JSON.stringify(parts.keySet);
  return [
    readEndpoint(parts, {
      path: '/v1/receipts/{receiptId}',
      type: 'receipt.get',
      scope,
      input,
      operation: {
        operationId: 'receipt.get',
        summary: 'One receipt of the environment, with the very bytes that were signed.',
        tags: ['audit'],
        ...secured,
        'x-karmanflow-risk': 'R0',
        'x-karmanflow-scope': scope,
        parameters: [
          {
            name: 'receiptId',
            in: 'path',
            required: true,
            schema: jsonSchemaOf(idShape('receipt'), 'input') as object,
          },
          ...everyRequest,
        ],
        responses: {
          200: documentResponse('The receipt.', schemaRef('ReceiptDocument')),
          ...problemResponses([...readProblems, 'input_invalid', 'not_found']),
        },
      },
      async answer(asked, { caller, exchange }) {
        const { receiptId } = v.parse(input, asked);
        exchange.notes.receiptId = receiptId;
        const text = await readReceipt(parts.database, { ...caller, receiptId });
        if (text !== null) return jsonTextResponse(text);
        exchange.notes.outcome = 'not_found';
        return problem('not_found');
      },
    }),
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

/** The document of one receipt as text, or null when the environment has none of that id. */
async function readReceipt(
  database: Database,
  wanted: {
    readonly tenantId: Id<'tenant'>;
    readonly environmentId: Id<'environment'>;
    readonly receiptId: Id<'receipt'>;
  },
): Promise<string | null> {
  const { tenantId, environmentId, receiptId } = wanted;
  const row = await database.read({ tenantId, environmentId }, (db) =>
    db
      .selectFrom('command_receipts')
      .select(['body', 'hash', 'signature', 'key_id'])
      .where('tenant_id', '=', toUuid(tenantId))
      .where('environment_id', '=', toUuid(environmentId))
      .where('id', '=', toUuid(receiptId))
      .executeTakeFirst(),
  );
  if (row === undefined) return null;
  return documentText({ bytes: row.body, hash: row.hash, signature: row.signature, keyId: row.key_id });
}
