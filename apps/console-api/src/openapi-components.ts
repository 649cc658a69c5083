import type { OpenAPIHono } from '@hono/zod-openapi';
import type { AnyCommand } from '@karmanflow/commands';
import { identityHeaders } from '@karmanflow/runtime';
import { limits } from '@karmanflow/schema';
import { feedDataShape } from './approval-feed/feed-shapes.ts';
import { commandHeaders } from './command-headers.ts';
import {
  eventPageShape,
  healthShape,
  keySetShape,
  pendingApprovalShape,
  problemShape,
  receiptDocumentShape,
  receiptPageShape,
  streamDataShape,
} from './document-shapes.ts';
import { componentName, type JsonSchema, jsonSchemaOf } from './valibot-bridge.ts';

/** Registers what the operations refer to. */
export function registerComponents(
  app: OpenAPIHono,
  definitions: readonly { readonly type: string; readonly output: AnyCommand['output'] }[],
): void {
  const registry = app.openAPIRegistry;
  const schemas: Record<string, JsonSchema> = {
    Problem: jsonSchemaOf(problemShape, 'output'),
    ReceiptDocument: jsonSchemaOf(receiptDocumentShape, 'output'),
    ReceiptPage: jsonSchemaOf(receiptPageShape, 'output'),
    PendingApproval: jsonSchemaOf(pendingApprovalShape, 'output'),
    EventPage: jsonSchemaOf(eventPageShape, 'output'),
    EventStreamData: jsonSchemaOf(streamDataShape, 'output'),
    ApprovalFeedData: jsonSchemaOf(feedDataShape, 'output'),
    ReceiptKeySet: jsonSchemaOf(keySetShape, 'output'),
    Health: jsonSchemaOf(healthShape, 'output'),
  };
  for (const { type, output } of definitions) schemas[componentName(type, 'Output')] = jsonSchemaOf(output, 'output');
  for (const [name, schema] of Object.entries(schemas)) registry.registerComponent('schemas', name, schema as object);
  for (const [name, parameter] of Object.entries(parameters)) registry.registerComponent('parameters', name, parameter);
  for (const [name, header] of Object.entries(headers)) registry.registerComponent('headers', name, header);
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key, `kf_…`, in the Authorization header and nowhere else. It decides tenant, environment and actor.',
  });
  registry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-kf_session',
    description:
      'What a browser gets at /login. Whatever is not GET also carries the header x-karmanflow-csrf with the token of GET ' +
      '/v1/session, and comes from a page of this origin.',
  });
}

const text = { type: 'string' } as const;

function headerParameter(name: string, description: string, schema: JsonSchema, required = false) {
  return { name, in: 'header' as const, required, description, schema: schema as object };
}

const parameters = {
  IdempotencyKey: headerParameter(
    'Idempotency-Key',
    'New for each intended effect, the same on each retry. Bare, or as a quoted string of RFC 8941.',
    { ...text, minLength: 1, maxLength: limits.idempotencyKeyLength + 2 },
    true,
  ),
  ExpectedVersion: headerParameter(
    commandHeaders.expectedVersion,
    'The version of the entity that the decision was made on.',
    {
      type: 'integer',
      minimum: 1,
    },
  ),
  Reason: headerParameter(commandHeaders.reason, 'Why, in a sentence, as UTF-8. It stands on the receipt for ever.', {
    ...text,
    minLength: 1,
    maxLength: limits.reasonLength,
  }),
  DeadlineMilliseconds: headerParameter(
    commandHeaders.deadlineMilliseconds,
    'How long the caller is willing to wait.',
    {
      type: 'integer',
      minimum: 1,
      maximum: limits.commandDeadlineMilliseconds,
    },
  ),
  Prefer: headerParameter(
    'Prefer',
    '`wait=proof` (RFC 7240): the answer waits a few seconds for the proof of its receipt, and says so in Preference-Applied when it has it.',
    text,
  ),
  LastEventId: headerParameter(
    'Last-Event-ID',
    'The id of the last message that was seen: what follows it comes next. Browsers send it by themselves.',
    text,
  ),
  CausationId: headerParameter(
    identityHeaders.causationId,
    'What directly caused this: a command, an event, a job.',
    text,
  ),
  CorrelationId: headerParameter(
    identityHeaders.correlationId,
    'One id over everything that belongs together; minted when absent.',
    {
      ...text,
      pattern: '^kfcor_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
    },
  ),
  Traceparent: headerParameter(
    identityHeaders.traceparent,
    'W3C Trace Context of the caller; a malformed one is ignored.',
    text,
  ),
};

const headers = {
  RequestId: { description: 'Names this request, for questions about it.', schema: text },
  CorrelationId: { description: 'As it was sent, or minted.', schema: text },
  PreferenceApplied: { description: 'The preference that was met (RFC 7240 section 3).', schema: text },
  Traceparent: { description: 'The span in which this request was answered.', schema: text },
};
