import type { access, AnyCommand, Executor, Outcome } from '@karmanflow/commands';
import { receiptDocument } from '@karmanflow/receipts';
import { problem } from '@karmanflow/runtime';
import { isId, type TransportErrorCode } from '@karmanflow/schema';
import type { WebhookMaster } from '@karmanflow/webhooks';
import { authenticate } from '../authentication.ts';
import { readCommandHeaders } from '../command-headers.ts';
import { commandResponse } from '../command-response.ts';
import { completedCommand, type TenantCompletion, withTenant } from '../complete-tenant.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Exchange } from '../exchange.ts';
import { commandOperation } from '../openapi.ts';
import { prefersProof } from '../preferences.ts';
import type { PublishedLog } from '../published-log/published-log.ts';
import { readJsonBody } from '../read-json-body.ts';
import { commandInput, type InputResult, readInput } from '../valibot-bridge.ts';
import { newSecretOf, withSecret } from '../webhooks/show-secret.ts';

export interface CommandEndpointParts {
  readonly executor: Executor;
  readonly authenticator: access.Authenticator;
  readonly completion: TenantCompletion;
  readonly log: PublishedLog;
  /** From which the secrets of webhooks follow; null where this deployment sends none. */
  readonly webhookMaster: WebhookMaster | null;
}

/** `POST /v1/{feature}/{command}` for every one of the commands. */
export function commandEndpoints(commands: readonly AnyCommand[], parts: CommandEndpointParts): Endpoint[] {
  return commands.map((definition) => commandEndpoint(definition, parts));
}

function commandEndpoint(
  definition: AnyCommand,
  { executor, authenticator, completion, log, webhookMaster }: CommandEndpointParts,
): Endpoint {
  const input = commandInput(definition);

  async function handle(exchange: Exchange): Promise<Response> {
    const { request, identity, notes } = exchange;
    notes.commandType = definition.type;
    const authenticated = await authenticate(authenticator, exchange);
    if (!authenticated.ok) return authenticated.response;
    if (request.url.includes('?')) {
      return refuse(exchange, {
        code: 'input_invalid',
        detail: 'a command has no query string: the input is the body',
      });
    }
    const read = readCommandHeaders(request.headers, definition);
    if (!read.ok) return refuse(exchange, read);
    const body = await readJsonBody(request);
    if (!body.ok) return refuse(exchange, body);
    const parsed = readInput(input, body.value);
    if (!parsed.ok) return invalid(exchange, parsed.issues);
    const { correlationId, causationId, requestId, traceparent } = identity;
    const metadata = {
      caller: authenticated.caller,
      correlationId,
      causationId,
      requestId,
      traceparent,
      ...read.headers,
    };
    const outcome = await executor.execute(parsed.value, metadata);
    const answered = await commandResponse(outcome, { definition, notes });
    const proof = prefersProof(request.headers) ? await proofOf(outcome, request.signal) : null;
    const answer = proof === null ? answered : await withProof(answered, proof);
    const secret = newSecretOf(webhookMaster, { definition, outcome });
    if (secret !== null) return withSecret(answer, secret);
    if (definition.type !== completedCommand) return answer;
    const completed = await completion.complete(parsed.value, outcome, metadata);
    if (completed === null) return answer;
    return completed instanceof Response ? completed : withTenant(answer, completed);
  }

  /** The receipt says where it stands: a command may run in the tenant's control environment. */
  async function proofOf(outcome: Outcome, signal: AbortSignal): Promise<string | null> {
    if (outcome.kind !== 'receipt') return null;
    const { tenantId, environmentId, receiptId } = receiptDocument(outcome.receipt).receipt;
    if (!isId('tenant', tenantId) || !isId('environment', environmentId) || !isId('receipt', receiptId)) return null;
    return log.waitForProof({ scope: { tenantId, environmentId }, receiptId }, signal);
  }

  return {
    method: 'post',
    path: `/v1/${definition.type.replace('.', '/')}`,
    operation: commandOperation(definition, input),
    handle,
  };
}

/** The answer to the command, with the proof for which it waited. */
async function withProof(answer: Response, proof: string): Promise<Response> {
  const text = await answer.text();
  const headers = new Headers(answer.headers);
  headers.set('preference-applied', 'wait=proof');
  return new Response(`${text.slice(0, -1)},"proof":${JSON.stringify(proof)}}`, { status: answer.status, headers });
}

/** A request that never became a command: it leaves nothing. */
function refuse(exchange: Exchange, reason: { readonly code: TransportErrorCode; readonly detail: string }): Response {
  const { code, detail } = reason;
  if (code === 'input_invalid') return invalid(exchange, [{ path: '', message: detail }]);
  exchange.notes.outcome = code;
  return problem(code, { detail });
}

type Issues = Extract<InputResult<unknown>, { ok: false }>['issues'];

function invalid(exchange: Exchange, issues: Issues): Response {
  exchange.notes.outcome = 'input_invalid';
  return problem('input_invalid', { extensions: { issues } });
}
