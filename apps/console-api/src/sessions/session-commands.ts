import {
  access,
  type AnyCommand,
  type Caller,
  type Executor,
  parseCommand,
  type Registry,
  systemAuthority,
} from '@karmanflow/commands';
import { type Id, idShape, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { commandResponse } from '../command-response.ts';
import type { Exchange, ExchangeNotes } from '../exchange.ts';
import type { EnvironmentChoice, TenantChoice } from './find-tenants.ts';

/** What opens and closes sessions: commands like all others, in the name of the person whose session it is. */
export interface SessionCommands {
  open(order: OpenOrder): Promise<SessionOutcome<OpenedSession>>;
  /** Also succeeds when the session had ended already. */
  close(order: CloseOrder): Promise<SessionOutcome<{ readonly sessionId: Id<'session'> }>>;
}

export interface OpenOrder {
  readonly exchange: Exchange;
  readonly tenant: TenantChoice;
  readonly environment: EnvironmentChoice;
  readonly identityHash: string;
  readonly secret: Uint8Array;
  /** Milliseconds since the epoch, as is `expiresAt`. */
  readonly authenticatedAt: number;
  readonly expiresAt: number;
}

export interface CloseOrder {
  readonly exchange: Exchange;
  /** The caller behind the session. */
  readonly caller: Caller;
  readonly sessionId: Id<'session'>;
}

export interface OpenedSession {
  readonly sessionId: Id<'session'>;
  readonly expiresAt: string;
}

export type SessionOutcome<Value> =
  | { readonly ok: true; readonly value: Value }
  /** What to answer instead. */
  | { readonly ok: false; readonly response: Response };

const openedShape = v.strictObject({ sessionId: idShape('session'), expiresAt: timestampShape });
const openType = 'access.open_session';
const closeType = 'access.close_session';

export function createSessionCommands(ports: {
  readonly executor: Executor;
  readonly registry: Registry;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
}): SessionCommands {
  const { executor, registry, now } = ports;

  async function run(order: {
    readonly exchange: Exchange;
    readonly type: string;
    readonly input: unknown;
    readonly caller: Caller;
  }): Promise<{ readonly response: unknown } | Refused> {
    const { exchange, type, input, caller } = order;
    const definition: AnyCommand | undefined = registry.commands.get(type);
    if (definition === undefined) throw new Error(`there is no command ${type}`);
    const parsed = parseCommand(definition, input);
    if (!parsed.ok) throw new Error(`${type}: ${JSON.stringify(parsed.issues)}`);
    const { correlationId, causationId, requestId, traceparent } = exchange.identity;
    const outcome = await executor.execute(parsed.command, {
      caller,
      idempotencyKey: crypto.randomUUID(),
      correlationId,
      causationId,
      requestId,
      traceparent,
      expectedVersion: null,
      reason: null,
    });
    if (outcome.kind === 'receipt' && outcome.receipt.status === 'SUCCEEDED') {
      return { response: JSON.parse(new TextDecoder().decode(outcome.receipt.response ?? new Uint8Array())) };
    }
    const notes: ExchangeNotes = {};
    return { refused: await commandResponse(outcome, { definition, notes }), notes };
  }

  return {
    async open({ exchange, tenant, environment, identityHash, secret, authenticatedAt, expiresAt }) {
      const input = {
        environmentId: environment.environmentId,
        secretHash: Buffer.from(access.hashSessionSecret(secret)).toString('base64'),
        authenticatedAt: new Date(authenticatedAt).toISOString(),
        expiresAt: new Date(expiresAt).toISOString(),
      };
      const caller: Caller = {
        tenantId: tenant.tenantId,
        environmentId: environment.environmentId,
        environment: { kind: environment.kind, status: 'ACTIVE' },
        actor: { type: 'USER', id: tenant.principalId, onBehalfOf: null },
        // The receipt names the identity by which the person got in: nothing else of a login stays.
        credential: { type: 'identity', id: identityHash },
        ...systemAuthority('login'),
        loginAgeSeconds: Math.max(0, Math.floor((now() - authenticatedAt) / 1000)),
        tenantPolicy: tenant.tenantPolicy,
      };
      const outcome = await run({ exchange, type: openType, input, caller });
      if ('refused' in outcome) return answerOf(exchange, outcome);
      return { ok: true, value: v.parse(openedShape, outcome.response) };
    },
    async close({ exchange, caller, sessionId }) {
      const outcome = await run({
        exchange,
        type: closeType,
        input: { sessionId },
        // What people may do to their own session is not granted by a tenant: it comes with having logged in.
        caller: { ...caller, ...systemAuthority('login'), ...keptOf(caller) },
      });
      if ('refused' in outcome && outcome.notes.refusal !== 'session_revoked') return answerOf(exchange, outcome);
      return { ok: true, value: { sessionId } };
    },
  };
}

function keptOf({ loginAgeSeconds, tenantPolicy }: Caller): Pick<Caller, 'loginAgeSeconds' | 'tenantPolicy'> {
  return { loginAgeSeconds, tenantPolicy };
}

interface Refused {
  readonly refused: Response;
  readonly notes: ExchangeNotes;
}

/** The answer to a command that did not do what was wanted is the answer to the request. */
function answerOf(exchange: Exchange, { refused, notes }: Refused): SessionOutcome<never> {
  Object.assign(exchange.notes, notes);
  return { ok: false, response: refused };
}
