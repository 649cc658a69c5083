import { type AnyQuery, type Registry, scopeOf } from '@karmanflow/commands';
import { problem } from '@karmanflow/runtime';
import type { Database } from '@karmanflow/schema';
import type { Endpoint } from '../endpoint.ts';
import { jsonResponse } from '../json-response.ts';
import { queryOperation } from '../openapi.ts';
import { type ReadAccess, readEndpoint } from '../read-endpoint.ts';

export interface QueryEndpointParts extends ReadAccess {
  readonly registry: Registry;
  readonly database: Database;
}

/** `GET /v1/{feature}/{query}` for every query, run by the reading role in the environment of the credential. */
export function queryEndpoints(parts: QueryEndpointParts): Endpoint[] {
  return [...parts.registry.queries.values()].map((definition) => queryEndpoint(definition, parts));
}

function queryEndpoint(definition: AnyQuery, parts: QueryEndpointParts): Endpoint {
  return readEndpoint(parts, {
    path: `/v1/${definition.type.replace('.', '/')}`,
    type: definition.type,
    scope: definition.scope,
    environment: definition.environment ?? 'caller',
    input: definition.input,
    operation: queryOperation(definition),
    async answer(input, { caller, exchange }) {
      const scope = scopeOf(caller, definition.environment ?? 'caller');
      const { registry, database } = parts;
      // Its own schema has parsed the input.
      const data = await definition.run(input as never, { ...scope, scope, database, registry });
      if (data !== null) return jsonResponse({ data });
      exchange.notes.outcome = 'not_found';
      return problem('not_found');
    },
  });
}
