import type { access, AnyCommand, Executor } from '@karmanflow/commands';
import { problem } from '@karmanflow/runtime';
import type { TransportErrorCode } from '@karmanflow/schema';
import { authenticate } from '../authentication.ts';
import { readCommandHeaders } from '../command-headers.ts';
import { commandResponse } from '../command-response.ts';
import { completedCommand, type TenantCompletion, withTenant } from '../complete-tenant.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Exchange } from '../exchange.ts';
import { commandOperation } from '../openapi.ts';
import { readJsonBody } from '../read-json-body.ts';
import { commandInput, type InputResult, readInput } from '../valibot-bridge.ts';

export interface CommandEndpointParts {
  readonly executor: Executor;
  readonly authenticator: access.Authenticator;
  readonly completion: TenantCompletion;
}

/** `POST /v1/{feature}/{command}` for every one of the commands. */
export function commandEndpoints(commands: readonly AnyCommand[], parts: CommandEndpointParts): Endpoint[] {
  return commands.map((definition) => commandEndpoint(definition, parts));
}

function commandEndpoint(
  definition: AnyCommand,
  { executor, authenticator, completion }: CommandEndpointParts,
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
    const answer = commandResponse(outcome, { definition, notes });
    if (definition.type !== completedCommand) return answer;
    const completed = await completion.complete(parsed.value, outcome, metadata);
    if (completed === null) return answer;
    return completed instanceof Response ? completed : withTenant(await answer, completed);
  }

  return {
    method: 'post',
    path: `/v1/${definition.type.replace('.', '/')}`,
    operation: commandOperation(definition, input),
    handle,
  };
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
