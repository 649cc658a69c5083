import { type CommandMetadata, type Executor, type Outcome, type ParsedCommand, platform } from '@karmanflow/commands';
import { problem } from '@karmanflow/runtime';
import { controlEnvironmentOf, type Database, type Id, toId, toUuid } from '@karmanflow/schema';

export interface TenantCompletionParts {
  readonly executor: Executor;
  readonly database: Database;
  /** The tenant whose people create others, asked for anew each time; null where this deployment has none. */
  readonly platformTenantId: () => Id<'tenant'> | null;
}

/** The one command that something follows. */
export const completedCommand: string = platform.createTenant.type;

/** What follows a command of the platform, which is the one command that is not over with its own transaction. */
export interface TenantCompletion {
  /** Brings a recorded tenant into being; null where there is nothing to complete, a problem where it did not succeed. */
  complete(command: ParsedCommand, outcome: Outcome, metadata: CommandMetadata): Promise<Completed | Response | null>;
}

export interface Completed {
  /** JSON of the ids of everything in the new tenant. */
  readonly tenant: string;
  readonly bootstrapReceiptId: string;
}

/**
 * Creates tenants for the people of the platform's tenant. The decision is on record there first; the tenant begins with
 * its own first receipt, and a repeat with the same idempotency key adds whatever is missing after a crash.
 */
export function createTenantCompletion({
  executor,
  database,
  platformTenantId,
}: TenantCompletionParts): TenantCompletion {
  /** The principal under which the platform's processes act, as its own bootstrap registered it. */
  async function actorOf(tenantId: Id<'tenant'>): Promise<Id<'principal'> | null> {
    const control = toUuid(tenantId);
    const found = await database.read({ tenantId, environmentId: controlEnvironmentOf(tenantId) }, (db) =>
      db
        .selectFrom('principals')
        .select('id')
        .where('tenant_id', '=', control)
        .where('environment_id', '=', control)
        .where('handle', '=', 'platform')
        .where('type', '=', 'SYSTEM')
        .where('status', '=', 'ACTIVE')
        .executeTakeFirst(),
    );
    return found ? toId('principal', found.id) : null;
  }

  return {
    async complete(command, outcome, { caller, correlationId, requestId, traceparent }) {
      if (
        command.definition.type !== completedCommand ||
        outcome.kind !== 'receipt' ||
        outcome.receipt.status !== 'SUCCEEDED'
      ) {
        return null;
      }
      // Of any other tenant it is a note in its own books, and nothing follows from it.
      if (caller.tenantId !== platformTenantId()) return null;
      const actorId = await actorOf(caller.tenantId);
      if (actorId === null) return problem('internal_error', { detail: 'the platform has no principal of its own' });
      // Our own canonical bytes, in the form of the command's output.
      const recorded = JSON.parse(Buffer.from(outcome.receipt.response ?? []).toString('utf8')) as {
        readonly tenantId: Id<'tenant'>;
        readonly requestHash: string;
      };
      const end = await platform.completeTenantCreation({
        executor,
        platform: { tenantId: caller.tenantId, actorId },
        creation: { ...recorded, receiptId: outcome.receipt.id },
        // What the command's own shape parsed.
        request: command.input as platform.TenantCreationOptions['request'],
        tracing: { correlationId, requestId, traceparent },
      });
      if (end.kind === 'completed') {
        const { bootstrap } = end;
        return { tenant: Buffer.from(bootstrap.response ?? []).toString('utf8'), bootstrapReceiptId: bootstrap.id };
      }
      if (end.kind === 'stopped' && end.outcome.kind === 'rejected') {
        return problem(end.outcome.code, { detail: 'the tenant is on record and not there yet: send the same again' });
      }
      return problem('internal_error', { detail: 'the tenant is on record and could not be completed' });
    },
  };
}

/** The answer to the command, with what followed it. */
export async function withTenant(answer: Response, { tenant, bootstrapReceiptId }: Completed): Promise<Response> {
  const text = await answer.text();
  const body = `${text.slice(0, -1)},"tenant":${tenant},"bootstrapReceiptId":${JSON.stringify(bootstrapReceiptId)}}`;
  return new Response(body, { status: answer.status, headers: answer.headers });
}
