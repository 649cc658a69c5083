import type { AnyCommand, AnyQuery, Registry } from '@karmanflow/commands';
import { evaluatePolicy, type PolicyDecision, type PolicyQuestion, type RiskClass } from '@karmanflow/policy';
import { toJsonSchema } from '@valibot/to-json-schema';

/** A command or query as an agent is offered it (Model Context Protocol, `tools/list`). */
export interface AgentTool {
  /** The command's own name with an underscore for the dot: `reservation_create`. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments; unknown ones are refused. */
  readonly inputSchema: object;
  readonly risk: RiskClass;
  /** allow: it runs at once · needs_approval: it pauses for a named human. What is denied is not offered. */
  readonly availability: Exclude<PolicyDecision['decision'], 'deny'>;
  readonly annotations: { readonly readOnlyHint: boolean; readonly idempotentHint: true };
}

/**
 * The tools that one actor has in one environment. The same policy that decides about a command decides whether it is
 * offered, so that what an agent sees is what it may do. Internal commands are never offered.
 */
export function toolCatalogue(
  registry: Registry,
  caller: Pick<PolicyQuestion, 'actor' | 'environment'>,
): readonly AgentTool[] {
  const commands = [...registry.commands.values()].filter((command) => command.internal !== true);
  return [
    ...commands.map((command) => toolOf(command, command.risk, caller)),
    ...[...registry.queries.values()].map((query) => toolOf(query, 'R0', caller)),
  ].filter((tool) => tool !== null);
}

function toolOf(
  definition: AnyCommand | AnyQuery,
  risk: RiskClass,
  caller: Pick<PolicyQuestion, 'actor' | 'environment'>,
): AgentTool | null {
  const { decision } = evaluatePolicy({ ...caller, command: { ...definition, risk } });
  if (decision === 'deny') return null;
  return {
    name: definition.type.replace('.', '_'),
    description: definition.summary,
    // Checks that JSON Schema cannot say stay with the command's own parser, which runs in any case.
    inputSchema: toJsonSchema(definition.input, { typeMode: 'input', errorMode: 'ignore' }),
    risk,
    availability: decision,
    annotations: { readOnlyHint: risk === 'R0', idempotentHint: true },
  };
}
