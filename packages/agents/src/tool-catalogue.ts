import {
  type Availability,
  type Caller,
  type Capability,
  type Registry,
  resolveCapabilities,
} from '@karmanflow/commands';
import type { RiskClass } from '@karmanflow/policy';
import { toJsonSchema } from '@valibot/to-json-schema';

/** A command or query as an agent is offered it (Model Context Protocol, `tools/list`). */
export interface AgentTool {
  /** The command's own name with an underscore for the dot: `reservation_create`. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments; unknown ones are refused. */
  readonly inputSchema: object;
  readonly risk: RiskClass;
  /** allowed: it runs at once · needs_approval: it pauses for a named human. What is denied is not offered. */
  readonly availability: Exclude<Availability, 'denied'>;
  /** Amounts above this one are not allowed at once; null where the tenant draws no line. */
  readonly allowedUpTo: number | null;
  readonly annotations: { readonly readOnlyHint: boolean; readonly idempotentHint: true };
}

/**
 * The tools of one caller: what `resolveCapabilities` tells everybody, without what is denied, so that what an agent sees
 * is what it may do. A command that can run in two places is offered as the better of the two.
 */
export function toolCatalogue(registry: Registry, caller: Caller): readonly AgentTool[] {
  return resolveCapabilities(registry, caller)
    .map(toolOf)
    .filter((tool) => tool !== null);
}

function toolOf({ type, summary, risk, input, places }: Capability): AgentTool | null {
  const place = bestOf(places);
  if (place === null || place.availability === 'denied') return null;
  return {
    name: type.replace('.', '_'),
    description: summary,
    inputSchema: schemaOf(input),
    risk,
    availability: place.availability,
    allowedUpTo: place.aboveLimit?.limit ?? null,
    annotations: { readOnlyHint: risk === 'R0', idempotentHint: true },
  };
}

function bestOf(places: Capability['places']): Capability['places'][number] | null {
  const find = (availability: Availability) => places.find((place) => place.availability === availability);
  return find('allowed') ?? find('needs_approval') ?? null;
}

/** By the schema that they were made from, which stands in the registry as long as the process does. */
const schemas = new WeakMap<Capability['input'], object>();

function schemaOf(input: Capability['input']): object {
  const known = schemas.get(input);
  if (known) return known;
  // Checks that JSON Schema cannot say stay with the command's own parser, which runs in any case.
  const schema = toJsonSchema(input, { typeMode: 'input', errorMode: 'ignore' });
  schemas.set(input, schema);
  return schema;
}
