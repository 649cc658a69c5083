import type { AnyCommand, AnyQuery } from '@karmanflow/commands';
import { identityHeaders } from '@karmanflow/runtime';
import { type ErrorCode, errorCatalogue, type TransportErrorCode } from '@karmanflow/schema';
import type { Endpoint } from './endpoint.ts';
import { exampleOf } from './example-of.ts';
import { componentName, type InputSchema, type JsonSchema, jsonSchemaOf } from './valibot-bridge.ts';
import { showsSecret } from './webhooks/show-secret.ts';

export type Operation = Endpoint['operation'];
type Responses = Operation['responses'];

/** What any request with a credential may be answered, whatever it asks for. */
const everyRead: readonly TransportErrorCode[] = [
  'header_invalid',
  'credential_ambiguous',
  'unauthenticated',
  'session_required',
  'policy_denied',
  'internal_error',
  'draining',
  'database_unavailable',
];

const everyCommand: readonly TransportErrorCode[] = [
  ...everyRead,
  'csrf_token_invalid',
  'json_malformed',
  'input_invalid',
  'idempotency_key_missing',
  'body_too_large',
  'media_type_unsupported',
  'idempotency_key_reused',
  'idempotency_key_in_flight',
  'idempotency_key_elsewhere',
  'overloaded',
  'deadline_exceeded',
  'outcome_unknown',
];

/** The codes that a command may be answered with, as problems. */
export function commandProblems(definition: AnyCommand): readonly ErrorCode[] {
  return [...everyCommand, ...definition.refusals, ...(definition.versioned ? (['version_conflict'] as const) : [])];
}

export const readProblems = everyRead;

const ref = (section: string, name: string): { $ref: string } => ({ $ref: `#/components/${section}/${name}` });
export const schemaRef = (name: string): { $ref: string } => ref('schemas', name);

export const secured: Pick<Operation, 'security'> = { security: [{ apiKey: [] }, { session: [] }] };

const answerHeaders = {
  [identityHeaders.requestId]: ref('headers', 'RequestId'),
  [identityHeaders.correlationId]: ref('headers', 'CorrelationId'),
  [identityHeaders.traceparent]: ref('headers', 'Traceparent'),
};

/** One answer with a document of the given schema. */
export function documentResponse(
  description: string,
  schema: JsonSchema,
  mediaType: string = 'application/json',
): Responses[string] {
  return { description, headers: answerHeaders, content: { [mediaType]: { schema } } };
}

/** The answer of a command that left a receipt, for whose proof it may have waited. */
function committed(description: string, schema: JsonSchema): Responses[string] {
  const headers = { ...answerHeaders, 'preference-applied': ref('headers', 'PreferenceApplied') };
  return { ...documentResponse(description, schema), headers };
}

/** The problems by status, each with the codes that stand behind it. */
export function problemResponses(codes: readonly ErrorCode[]): Responses {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = errorCatalogue[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const responses: Responses = {};
  for (const [status, ofStatus] of [...byStatus].toSorted(([one], [other]) => one - other)) {
    const schema = { allOf: [schemaRef('Problem'), { type: 'object', properties: { code: { enum: ofStatus } } }] };
    const lines = ofStatus.map((code) => `\`${code}\`: ${errorCatalogue[code].title}`);
    responses[status] = {
      description: lines.join('\n\n'),
      headers: answerHeaders,
      // Zod-OpenAPI declares `type` as a closed list of words, which inference has widened here.
      content: { 'application/problem+json': { schema: schema as object } },
    };
  }
  return responses;
}

/** Whether the answer to a command is that it waits: its output then exists only when somebody has approved it. */
export function waitsForApproval({ risk }: AnyCommand): boolean {
  return risk === 'R2' || risk === 'R3';
}

export function commandOperation(definition: AnyCommand, input: InputSchema<unknown>): Operation {
  const { type, risk, scope, summary } = definition;
  const success = (data: { $ref: string }): JsonSchema => ({
    type: 'object',
    properties: {
      data,
      receipt: schemaRef('ReceiptDocument'),
      replayed: { type: 'boolean' },
      proof: { type: 'string' },
      // Only in the first answer, and nowhere else ever.
      ...(showsSecret(definition) ? { secret: { type: 'string' } } : {}),
    },
    required: ['data', 'receipt', 'replayed'],
    additionalProperties: false,
  });
  return {
    operationId: type,
    summary,
    tags: [type.slice(0, type.indexOf('.'))],
    ...secured,
    'x-karmanflow-risk': risk,
    'x-karmanflow-scope': scope,
    'x-karmanflow-refusals': commandProblems(definition).filter((code) => !isTransport(code)),
    parameters: [
      ref('parameters', 'IdempotencyKey'),
      ...(definition.versioned ? [ref('parameters', 'ExpectedVersion')] : []),
      ref('parameters', 'Reason'),
      ref('parameters', 'DeadlineMilliseconds'),
      ref('parameters', 'Prefer'),
      ref('parameters', 'CausationId'),
      ...everyRequest,
    ],
    request: {
      body: {
        required: true,
        content: {
          'application/json': { schema: input, example: exampleOf(jsonSchemaOf(definition.input, 'input')) },
        },
      },
    },
    responses: {
      ...(waitsForApproval(definition)
        ? { 202: committed('It waits for a human. Nothing has changed.', success(schemaRef('PendingApproval'))) }
        : {
            200: committed(
              'Done, or done before under the same key.',
              success(schemaRef(componentName(type, 'Output'))),
            ),
          }),
      ...problemResponses(commandProblems(definition)),
    },
  };
}

export function queryOperation(definition: AnyQuery): Operation {
  const { type, scope, summary } = definition;
  const data = schemaRef(componentName(type, 'Output'));
  const schema = { type: 'object', properties: { data }, required: ['data'], additionalProperties: false };
  return {
    operationId: type,
    summary,
    tags: [type.slice(0, type.indexOf('.'))],
    ...secured,
    'x-karmanflow-risk': 'R0',
    'x-karmanflow-scope': scope,
    parameters: [...queryParameters(jsonSchemaOf(definition.input, 'input')), ...everyRequest],
    responses: {
      200: documentResponse('Found.', schema),
      ...problemResponses([...everyRead, 'input_invalid', 'not_found']),
    },
  };
}

type QueryParameter = { name: string; in: 'query'; required: boolean; schema: object };

export const everyRequest = [ref('parameters', 'CorrelationId'), ref('parameters', 'Traceparent')];

/** The fields of a query as parameters of its query string. */
export function queryParameters(input: JsonSchema): QueryParameter[] {
  const { properties = {}, required = [] } = input as { properties?: Record<string, JsonSchema>; required?: string[] };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: schema as object,
  }));
}

function isTransport(code: ErrorCode): boolean {
  return everyCommand.some((transport) => transport === code);
}
