import type { PolicyQuestion } from '@karmanflow/policy';
import { controlEnvironmentOf, type Scope } from '@karmanflow/schema';
import type { AnyCommand, CommandEnvironment } from '../definition/command.ts';
import type { Caller } from './metadata.ts';

export function commandEnvironmentOf(definition: AnyCommand, input: unknown): CommandEnvironment {
  const { environment } = definition;
  // The input was parsed by this definition's own schema.
  return typeof environment === 'function' ? environment(input as never) : environment;
}

/** Where a command of this caller runs. */
export function scopeOf(caller: Caller, environment: CommandEnvironment): Scope {
  const { tenantId } = caller;
  return {
    tenantId,
    environmentId: environment === 'control' ? controlEnvironmentOf(tenantId) : caller.environmentId,
  };
}

const controlEnvironment = { kind: 'CONTROL', status: 'ACTIVE' } as const;

/** What policy is asked about a caller, in its own environment or in the tenant's control environment. */
export function callerQuestion(
  caller: Caller,
  environment: CommandEnvironment,
): Pick<PolicyQuestion, 'actor' | 'environment' | 'tenantPolicy'> {
  const { riskCeiling, loginAgeSeconds, tenantPolicy } = caller;
  const { type } = caller.actor;
  const own = environment === 'caller' || caller.environment.kind === 'CONTROL';
  return {
    actor: {
      type,
      riskCeiling,
      loginAgeSeconds,
      scopes: environment === 'control' ? caller.controlScopes : caller.scopes,
      roles: environment === 'control' ? caller.controlRoles : caller.roles,
    },
    environment: own ? caller.environment : controlEnvironment,
    tenantPolicy,
  };
}

export function amountOf(definition: AnyCommand, input: unknown): number | null {
  return definition.amount ? definition.amount(input as never) : null;
}
