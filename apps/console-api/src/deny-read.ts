import { type Caller, callerQuestion, type CommandEnvironment } from '@karmanflow/commands';
import { evaluatePolicy } from '@karmanflow/policy';
import { problem } from '@karmanflow/runtime';

/** A read is a question of class R0 to the same policy as every command. Answers null when it is allowed. */
export function denyRead(
  caller: Caller,
  read: { readonly type: string; readonly scope: string; readonly environment: CommandEnvironment },
): Response | null {
  const { decision, rule } = evaluatePolicy({
    ...callerQuestion(caller, read.environment),
    command: { type: read.type, scope: read.scope, risk: 'R0' },
  });
  if (decision === 'allow') return null;
  return problem('policy_denied', { detail: `${rule}: ${read.scope}`, extensions: { rule } });
}
