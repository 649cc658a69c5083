import type { Caller } from '@karmanflow/commands';
import { problem } from '@karmanflow/runtime';
import type { ErrorCode, TransportErrorCode } from '@karmanflow/schema';
import * as v from 'valibot';
import { authenticate, type Credentials } from '../authentication.ts';
import type { Endpoint } from '../endpoint.ts';
import { exampleOf } from '../example-of.ts';
import type { Exchange } from '../exchange.ts';
import { jsonResponse } from '../json-response.ts';
import { documentResponse, everyRequest, problemResponses, readProblems, secured } from '../openapi.ts';
import { readJsonBody } from '../read-json-body.ts';
import { type InputResult, jsonSchemaOf, queryInput, readInput } from '../valibot-bridge.ts';
import { findEntrance, type Sessions } from './create-sessions.ts';
import { describeSession } from './describe-session.ts';
import { bringsLogin, type Login, readLogin } from './read-login.ts';
import { isForged, refusedAs } from './session-gate.ts';
import { closedShape, nothingShape, selectedShape, selectShape, sessionShape } from './session-shapes.ts';

export interface SessionEndpointParts {
  readonly credentials: Credentials;
  /** Null where nobody can log in: then only keys are asked about. */
  readonly sessions: Sessions | null;
}

/** By whom a request was sent: somebody with a key, or somebody who logged in. */
type Presented =
  | { readonly kind: 'key'; readonly caller: Caller }
  | { readonly kind: 'login'; readonly login: Login; readonly sessions: Sessions };

/** Who is there, where they may work, and how they come and go. */
export function sessionEndpoints({ credentials, sessions }: SessionEndpointParts): Endpoint[] {
  /** Who sent the request, or what to answer instead. Whoever sends no cookie of ours is asked for a key. */
  async function present(exchange: Exchange): Promise<Presented | Response> {
    const { request } = exchange;
    if (sessions === null || !bringsLogin(sessions.reader, request.headers)) {
      const authenticated = await authenticate(credentials, exchange);
      return authenticated.ok ? { kind: 'key', caller: authenticated.caller } : authenticated.response;
    }
    if (request.headers.get('authorization') !== null) return refusedAs(exchange, 'credential_ambiguous');
    const login = await readLogin(sessions.reader, request.headers);
    if (login === null) return refusedAs(exchange, 'session_required');
    if (isForged({ request, login, origin: sessions.origin })) return refusedAs(exchange, 'csrf_token_invalid');
    noteLogin(exchange, login);
    return { kind: 'login', login, sessions };
  }

  async function show(exchange: Exchange): Promise<Response> {
    const presented = await present(exchange);
    if (presented instanceof Response) return presented;
    const fields = Object.fromEntries(new URL(exchange.request.url).searchParams);
    const parsed = readInput(queryInput({ input: nothingShape }), fields);
    if (!parsed.ok) return invalid(exchange, parsed.issues);
    return jsonResponse({ data: await describeSession(presented) });
  }

  async function select(exchange: Exchange): Promise<Response> {
    const presented = await present(exchange);
    if (presented instanceof Response) return presented;
    const input = await readBody(exchange, selectInput);
    if (input instanceof Response) return input;
    if (presented.kind === 'key') return refusedAs(exchange, 'session_required');
    const { login } = presented;
    const { identityHash, authenticatedAt } = login.seen;
    const entrance = findEntrance(await presented.sessions.tenantsOf(identityHash), v.parse(selectShape, input.value));
    // As if it did not exist: what other tenants have is nobody's business.
    if (entrance === null) return refuse(exchange, 'not_found');
    const previous = login.session;
    const entered = await presented.sessions.enter({ exchange, identityHash, authenticatedAt, entrance, previous });
    if (!entered.ok) return entered.response;
    const { cookies, csrfToken, opened } = entered.value;
    const { tenantId } = entrance.tenant;
    const { environmentId } = entrance.environment;
    return withCookies(jsonResponse({ data: { tenantId, environmentId, ...opened, csrfToken } }), cookies);
  }

  async function close(exchange: Exchange): Promise<Response> {
    const presented = await present(exchange);
    if (presented instanceof Response) return presented;
    const input = await readBody(exchange, closeInput);
    if (input instanceof Response) return input;
    if (presented.kind === 'key') return refusedAs(exchange, 'session_required');
    const { commands, reader } = presented.sessions;
    const { session } = presented.login;
    const closed = session === null ? null : await commands.close({ ...session, exchange });
    if (closed !== null && !closed.ok) return closed.response;
    const { cookies } = reader;
    const forget = [cookies.clear(cookies.names.session), cookies.clear(cookies.names.seen)];
    return withCookies(jsonResponse({ data: { sessionId: session?.sessionId ?? null } }), forget);
  }

  const own: readonly ErrorCode[] = [...readProblems, 'input_invalid'];
  const changing: readonly ErrorCode[] = [...own, ...changes];
  return [
    {
      method: 'get',
      path: '/v1/session',
      operation: {
        operationId: 'session.show',
        summary: 'Who is asking, where they work now and may work, and the token that their pages have to send.',
        tags: ['access'],
        ...secured,
        parameters: everyRequest,
        responses: { 200: documentResponse('Found.', dataOf(sessionShape)), ...problemResponses(own) },
      },
      handle: show,
    },
    {
      method: 'post',
      path: '/v1/session/select',
      operation: {
        operationId: 'session.select',
        summary: 'Opens a session in an environment, and ends the one before. Its cookies are new.',
        tags: ['access'],
        ...secured,
        parameters: everyRequest,
        request: bodyOf(selectInput, selectShape),
        responses: {
          200: documentResponse('Opened.', dataOf(selectedShape)),
          ...problemResponses([
            ...changing,
            'not_found',
            'environment_not_found',
            'environment_archived',
            'end_out_of_range',
          ]),
        },
      },
      handle: select,
    },
    {
      method: 'post',
      path: '/v1/session/close',
      operation: {
        operationId: 'session.close',
        summary: 'Logs out: within a second no process accepts the session any more.',
        tags: ['access'],
        ...secured,
        parameters: everyRequest,
        request: bodyOf(closeInput, nothingShape),
        responses: {
          200: documentResponse('Closed.', dataOf(closedShape)),
          ...problemResponses([...changing, 'session_not_found']),
        },
      },
      handle: close,
    },
  ];
}

/** What a request may be answered that runs a command of ours. */
const changes: readonly TransportErrorCode[] = [
  'csrf_token_invalid',
  'json_malformed',
  'body_too_large',
  'media_type_unsupported',
  'overloaded',
  'deadline_exceeded',
  'outcome_unknown',
];

const selectInput = documented('SessionSelectInput', selectShape);
const closeInput = documented('SessionCloseInput', nothingShape);
type BodyInput = ReturnType<typeof documented>;

function documented(name: string, shape: v.GenericSchema) {
  return queryInput({ input: shape }).openapi(name, jsonSchemaOf(shape, 'input') as object);
}

function bodyOf(schema: BodyInput, shape: v.GenericSchema) {
  const example = exampleOf(jsonSchemaOf(shape, 'input'));
  return { body: { required: true, content: { 'application/json': { schema, example } } } };
}

function dataOf(shape: v.GenericSchema) {
  const properties = { data: jsonSchemaOf(shape, 'output') };
  return { type: 'object', properties, required: ['data'], additionalProperties: false };
}

async function readBody(exchange: Exchange, schema: BodyInput): Promise<{ readonly value: unknown } | Response> {
  if (exchange.request.url.includes('?')) {
    return invalid(exchange, [{ path: '', message: 'there is no query string here: the input is the body' }]);
  }
  const body = await readJsonBody(exchange.request);
  if (!body.ok) {
    const { code, detail } = body;
    return code === 'input_invalid'
      ? invalid(exchange, [{ path: '', message: detail }])
      : refuse(exchange, code, detail);
  }
  const parsed = readInput(schema, body.value);
  return parsed.ok ? { value: parsed.value } : invalid(exchange, parsed.issues);
}

function noteLogin({ notes }: Exchange, { session }: Login): void {
  if (session === null) return;
  notes.tenantId = session.caller.tenantId;
  notes.environmentId = session.caller.environmentId;
  notes.actorId = session.caller.actor.id;
  notes.sessionId = session.sessionId;
}

function withCookies(response: Response, cookies: readonly string[]): Response {
  for (const cookie of cookies) response.headers.append('set-cookie', cookie);
  return response;
}

function refuse(exchange: Exchange, code: TransportErrorCode, detail?: string): Response {
  exchange.notes.outcome = code;
  return problem(code, detail === undefined ? {} : { detail });
}

type Issues = Extract<InputResult<unknown>, { ok: false }>['issues'];

function invalid(exchange: Exchange, issues: Issues): Response {
  exchange.notes.outcome = 'input_invalid';
  return problem('input_invalid', { extensions: { issues } });
}
