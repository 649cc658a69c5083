import type { ActorType, RiskClass, TenantPolicy } from '@karmanflow/policy';
import type { Id } from '@karmanflow/schema';

/** Who acts, as the credential says. Never taken from a body. */
export interface CommandActor {
  readonly type: ActorType;
  readonly id: Id<'principal'>;
  readonly onBehalfOf: Id<'principal'> | null;
}

/** A credential that was checked: whom it stands for, where, and what it may do there. */
export interface Caller {
  readonly tenantId: Id<'tenant'>;
  readonly environmentId: Id<'environment'>;
  readonly environment: { readonly kind: 'CONTROL' | 'SANDBOX' | 'PRODUCTION'; readonly status: 'ACTIVE' | 'ARCHIVED' };
  readonly actor: CommandActor;
  readonly credential: { readonly type: string; readonly id: string } | null;
  /** What it may do in `environmentId`. */
  readonly scopes: ReadonlySet<string>;
  /** What it may do in the tenant's control environment: only what was granted for the tenant as a whole. */
  readonly controlScopes: ReadonlySet<string>;
  /** Names of the live roles behind either set, for the record. */
  readonly roles: readonly string[];
  readonly controlRoles: readonly string[];
  readonly riskCeiling: RiskClass;
  /** Seconds since the human behind the credential logged in; null when nobody did. */
  readonly loginAgeSeconds: number | null;
  readonly tenantPolicy: TenantPolicy;
}

/** The envelope of every command. */
export interface CommandMetadata {
  readonly caller: Caller;
  /** Visible ASCII, at most 255 characters; the same on each retry, new for each intended effect. */
  readonly idempotencyKey: string;
  readonly correlationId: Id<'correlation'>;
  readonly causationId: string | null;
  readonly requestId: Id<'request'>;
  readonly traceparent: string;
  /** The version that the caller saw of the entity in question; null when it does not care. */
  readonly expectedVersion: number | null;
  readonly reason: string | null;
  /** Milliseconds that the caller is willing to wait; the executor's own limit unless shorter. */
  readonly deadlineMilliseconds?: number;
}
