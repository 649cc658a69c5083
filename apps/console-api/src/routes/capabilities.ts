import { type Registry, resolveCapabilities } from '@karmanflow/commands';
import { riskClasses, ruleSetHash, ruleSetVersion } from '@karmanflow/policy';
import { limits } from '@karmanflow/schema';
import * as v from 'valibot';
import type { Endpoint } from '../endpoint.ts';
import { jsonResponse } from '../json-response.ts';
import {
  documentResponse,
  everyRequest,
  problemResponses,
  queryParameters,
  readProblems,
  secured,
} from '../openapi.ts';
import { type ReadAccess, readEndpoint } from '../read-endpoint.ts';
import { type JsonSchema, jsonSchemaOf } from '../valibot-bridge.ts';

const scope = 'access.capability:read';
const input = v.strictObject({
  type: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(limits.textLength),
      v.regex(/^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/, 'must be the name of a command or query'),
    ),
  ),
});

const ruling = {
  availability: v.picklist(['allowed', 'needs_approval', 'denied']),
  /** The rule that decided, and what it says. */
  rule: v.string(),
  says: v.string(),
  approval: v.nullable(v.strictObject({ quorum: v.number(), approverRoles: v.array(v.string()) })),
};

export const capabilityShape = v.strictObject({
  type: v.string(),
  kind: v.picklist(['command', 'query']),
  summary: v.string(),
  risk: v.picklist(riskClasses),
  scope: v.string(),
  places: v.array(
    v.strictObject({
      runsIn: v.picklist(['environment', 'tenant']),
      ...ruling,
      aboveLimit: v.nullable(v.strictObject({ limit: v.number(), ...ruling })),
    }),
  ),
  /** JSON Schema (2020-12). */
  input: v.looseObject({}),
});

export const capabilitiesShape = v.strictObject({
  ruleSet: v.strictObject({ version: v.string(), hash: v.string() }),
  capabilities: v.array(capabilityShape),
});

/** What the caller may do in its environment, command by command and query by query. */
export function capabilityEndpoints(parts: ReadAccess & { readonly registry: Registry }): Endpoint[] {
  const { registry } = parts;
  const definitions = [...registry.commands.values(), ...registry.queries.values()];
  // Once for the process: they are the same for everybody, and most of the answer.
  const schemas = new Map(definitions.map((one): [string, JsonSchema] => [one.type, jsonSchemaOf(one.input, 'input')]));
  const data = jsonSchemaOf(capabilitiesShape, 'output');
  return [
    readEndpoint(parts, {
      path: '/v1/capabilities',
      type: 'access.capabilities',
      scope,
      input,
      operation: {
        operationId: 'access.capabilities',
        summary:
          'What the caller may do here: each command and query with its availability, the rule that decided, and its input.',
        tags: ['access'],
        ...secured,
        'x-karmanflow-risk': 'R0',
        'x-karmanflow-scope': scope,
        parameters: [...queryParameters(jsonSchemaOf(input, 'input')), ...everyRequest],
        responses: {
          200: documentResponse('Found.', {
            type: 'object',
            properties: { data },
            required: ['data'],
            additionalProperties: false,
          }),
          ...problemResponses([...readProblems, 'input_invalid']),
        },
      },
      async answer(asked, { caller }) {
        const { type: wanted } = v.parse(input, asked);
        const capabilities = resolveCapabilities(registry, caller)
          .filter(({ type }) => wanted === undefined || type === wanted)
          .map((capability) => ({ ...capability, input: schemas.get(capability.type) }));
        return jsonResponse({ data: { ruleSet: { version: ruleSetVersion, hash: ruleSetHash }, capabilities } });
      },
    }),
  ];
}
