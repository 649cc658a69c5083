import { controlEnvironmentOf, type Id, toUuid } from '@karmanflow/schema';
import type { AnyCommand } from '../../definition/command.ts';
import type { Executor } from '../../executor/executor.ts';
import type { Caller, CommandMetadata } from '../../executor/metadata.ts';
import type { Outcome, StoredReceipt } from '../../executor/outcome.ts';
import { parseCommand } from '../../executor/parse-command.ts';
import { systemAuthority } from '../../executor/system-authority.ts';
import { type BootstrapRequest, bootstrapTenant } from '../access/index.ts';
import { confirmTenant } from './commands/confirm-tenant.ts';
import { requestHashOf } from './request-hash.ts';

/** What `platform.create_tenant` answered, and the receipt with which it did. */
export interface TenantCreation {
  readonly tenantId: Id<'tenant'>;
  readonly requestHash: string;
  readonly receiptId: Id<'receipt'>;
}

export interface TenantCreationOptions {
  readonly executor: Pick<Executor, 'execute'>;
  /** The platform's own tenant, and the process of it that acts; the new tenant knows that process by the same id. */
  readonly platform: { readonly tenantId: Id<'tenant'>; readonly actorId: Id<'principal'> };
  readonly creation: TenantCreation;
  /** The same request again, as `bootstrapRequestShape` parsed it. */
  readonly request: BootstrapRequest;
  /** The name of the first person: it goes to the new tenant alone, and into no receipt. */
  readonly personName?: string;
  readonly tracing: Pick<CommandMetadata, 'correlationId' | 'requestId' | 'traceparent'>;
}

export type TenantCreationEnd =
  /** `bootstrap` holds the ids of everything in the new tenant; on a repeat it is the receipt of the first time. */
  | { readonly kind: 'completed'; readonly bootstrap: StoredReceipt; readonly confirmation: StoredReceipt }
  /** Not the request that was recorded: nothing was sent. */
  | { readonly kind: 'request_differs' }
  /** A step did not succeed; sending the whole again is safe. */
  | { readonly kind: 'stopped'; readonly step: 'bootstrap' | 'confirm'; readonly outcome: Outcome };

/**
 * Brings a recorded tenant into being: its first command in its own control environment, then the note of it in the
 * platform's tenant. Both carry idempotency keys made of the tenant's id, so a repeat after a crash at any point, by any
 * process, adds what is missing and answers with what is there.
 */
export async function completeTenantCreation(options: TenantCreationOptions): Promise<TenantCreationEnd> {
  const { creation, request } = options;
  if (requestHashOf(request) !== creation.requestHash) return { kind: 'request_differs' };
  const bootstrap = await bootstrapRequestedTenant(options);
  const first = succeeded(bootstrap);
  if (!first) return { kind: 'stopped', step: 'bootstrap', outcome: bootstrap };
  const confirmation = await confirmRequestedTenant(options, first.id);
  const second = succeeded(confirmation);
  if (!second) return { kind: 'stopped', step: 'confirm', outcome: confirmation };
  return { kind: 'completed', bootstrap: first, confirmation: second };
}

function succeeded(outcome: Outcome): StoredReceipt | null {
  return outcome.kind === 'receipt' && outcome.receipt.status === 'SUCCEEDED' ? outcome.receipt : null;
}

/** The first step alone. */
export function bootstrapRequestedTenant(options: TenantCreationOptions): Promise<Outcome> {
  const { creation, request, personName } = options;
  const caller: Caller = {
    ...systemCaller(creation.tenantId, options.platform.actorId),
    ...systemAuthority('platform_bootstrap'),
  };
  const input = personName === undefined ? request : { ...request, personName };
  return send(options, { definition: bootstrapTenant, input, caller, causationId: creation.receiptId });
}

/** The second step alone. */
export function confirmRequestedTenant(
  options: TenantCreationOptions,
  bootstrapReceiptId: Id<'receipt'>,
): Promise<Outcome> {
  const { tenantId } = options.creation;
  const scopes = new Set([confirmTenant.scope]);
  const caller: Caller = {
    ...systemCaller(options.platform.tenantId, options.platform.actorId),
    ...systemAuthority('platform_bootstrap'),
    scopes,
    controlScopes: scopes,
  };
  const input = { tenantId, bootstrapReceiptId };
  return send(options, { definition: confirmTenant, input, caller, causationId: bootstrapReceiptId });
}

function systemCaller(
  tenantId: Id<'tenant'>,
  actorId: Id<'principal'>,
): Pick<Caller, 'tenantId' | 'environmentId' | 'environment' | 'actor' | 'credential'> {
  return {
    tenantId,
    environmentId: controlEnvironmentOf(tenantId),
    environment: { kind: 'CONTROL', status: 'ACTIVE' },
    actor: { type: 'SYSTEM', id: actorId, onBehalfOf: null },
    credential: null,
  };
}

function send(
  { executor, creation, tracing }: TenantCreationOptions,
  step: { definition: AnyCommand; input: unknown; caller: Caller; causationId: Id<'receipt'> },
): Promise<Outcome> {
  const parsed = parseCommand(step.definition, step.input);
  // The request was parsed by a shape that accepts nothing more, and the rest are ids.
  if (!parsed.ok) throw new TypeError(`${step.definition.type}: ${JSON.stringify(parsed.issues)}`);
  return executor.execute(parsed.command, {
    caller: step.caller,
    idempotencyKey: `tenant-${toUuid(creation.tenantId)}`,
    causationId: step.causationId,
    expectedVersion: null,
    reason: null,
    ...tracing,
  });
}
