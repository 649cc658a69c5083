import type { Caller } from '@karmanflow/commands';
import { evaluatePolicy } from '@karmanflow/policy';
import { problem } from '@karmanflow/runtime';

/** A read is a question of class R0 to the same policy as every command. Answers null when it is allowed. */
export function denyRead(caller: Caller, read: { readonly type: string; readonly scope: string }): Response | null {
  const { decision, rule } = evaluatePolicy({
    actor: { type: caller.actor.type, scopes: caller.scopes, riskCeiling: caller.riskCeiling },
    command: { ...read, risk: 'R0' },
    environment: caller.environment,
  });
  if (decision === 'allow') return null;
  return problem('policy_denied', { detail: `${rule}: ${read.scope}`, extensions: { rule } });
}
