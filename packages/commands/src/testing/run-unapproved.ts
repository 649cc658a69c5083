import type { Executor } from '../executor/executor.ts';
import type { Caller } from '../executor/metadata.ts';
import type { Outcome } from '../executor/outcome.ts';
import { parseCommand } from '../executor/parse-command.ts';
import { systemAuthority } from '../executor/system-authority.ts';
import { registry } from '../registry.ts';
import { metadataFor, type RunOptions } from './test-tenant.ts';

/**
 * Runs a command of class R2 or R3 as if it were R1: for tests of what it does, and of what happens when many do it at once.
 * Approvals have tests of their own.
 */
export async function runUnapproved(
  executor: Executor,
  type: string,
  input: unknown,
  options: RunOptions & { readonly caller: Caller },
): Promise<Outcome> {
  const definition = registry.commands.get(type);
  if (!definition) throw new Error(`no command ${type}`);
  const parsed = parseCommand({ ...definition, risk: 'R1' }, input);
  if (!parsed.ok) throw new Error(`${type}: ${JSON.stringify(parsed.issues)}`);
  return executor.execute(parsed.command, metadataFor(options.caller, options));
}

/** The same place, entered by the process that carries out what was approved. */
export function asBulkRunner(caller: Caller): Caller {
  return {
    ...caller,
    actor: { type: 'SYSTEM', id: caller.actor.id, onBehalfOf: null },
    credential: null,
    ...systemAuthority('bulk_runner'),
  };
}
