import type { access, AnyQuery, Caller, CommandEnvironment } from '@karmanflow/commands';
import { problem } from '@karmanflow/runtime';
import { authenticate } from './authentication.ts';
import { denyRead } from './deny-read.ts';
import type { Endpoint } from './endpoint.ts';
import type { Exchange } from './exchange.ts';
import { type InputResult, queryInput, readInput } from './valibot-bridge.ts';

export interface ReadAccess {
  readonly authenticator: access.Authenticator;
}

export interface ReadDefinition {
  readonly path: string;
  readonly type: string;
  readonly scope: string;
  /** Of the credential, unless it reads what belongs to the tenant as a whole, always or when it is asked to. */
  readonly environment?: CommandEnvironment | ((input: unknown) => CommandEnvironment);
  readonly input: AnyQuery['input'];
  readonly operation: Endpoint['operation'];
  /** `input` is what the schema of this definition made of the query string and the path parameters. */
  readonly answer: (
    input: unknown,
    asked: { readonly caller: Caller; readonly exchange: Exchange; readonly environment: CommandEnvironment },
  ) => Promise<Response>;
}

/** An endpoint that reads: who may is decided before anything is said of what is asked for. */
export function readEndpoint({ authenticator }: ReadAccess, definition: ReadDefinition): Endpoint {
  const { path, type, scope, operation } = definition;
  const input = queryInput(definition);
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);

  async function handle(exchange: Exchange): Promise<Response> {
    exchange.notes.queryType = type;
    const authenticated = await authenticate(authenticator, exchange);
    if (!authenticated.ok) return authenticated.response;
    const fields = fieldsOf(exchange, names);
    const parsed = fields.ok ? readInput(input, fields.value) : fields;
    const environment = environmentOf(definition, parsed);
    const denial = denyRead(authenticated.caller, { type, scope, environment });
    if (denial !== null) {
      exchange.notes.outcome = 'policy_denied';
      return denial;
    }
    if (!parsed.ok) {
      exchange.notes.outcome = 'input_invalid';
      return problem('input_invalid', { extensions: { issues: parsed.issues } });
    }
    return definition.answer(parsed.value, { caller: authenticated.caller, exchange, environment });
  }

  return { method: 'get', path, operation, handle };
}

/** Where it is read. Who may read is asked first, also where the input is none: then it is asked for the caller's own environment. */
function environmentOf({ environment = 'caller' }: ReadDefinition, parsed: InputResult<unknown>): CommandEnvironment {
  if (typeof environment === 'string') return environment;
  return parsed.ok ? environment(parsed.value) : 'caller';
}

/** Path parameters and the query string as one object. A field that is given twice is refused: which one was meant? */
export function fieldsOf(exchange: Exchange, names: readonly string[]): InputResult<unknown> {
  const fields = new Map(names.map((name) => [name, exchange.parameter(name)]));
  for (const [name, value] of new URL(exchange.request.url).searchParams) {
    if (fields.has(name)) return { ok: false, issues: [{ path: name.slice(0, 64), message: 'given twice' }] };
    fields.set(name, value);
  }
  return { ok: true, value: Object.fromEntries(fields) };
}
