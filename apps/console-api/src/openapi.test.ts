import { beforeAll, describe, expect, test } from 'bun:test';
import { registry } from '@karmanflow/commands';
import { errorCatalogue, isErrorCode } from '@karmanflow/schema';
import type { ApiDocument, ApiOperation } from './api-document.ts';
import type { ConsoleApi } from './create-console-api.ts';
import { createIdleApi } from './testing/idle-api.ts';
import { referencesIn, schemaFindings } from './testing/schema-findings.ts';

let api: ConsoleApi;
let document: ApiDocument;
let operations: { path: string; method: string; operation: ApiOperation }[];
beforeAll(async () => {
  api = await createIdleApi();
  document = api.document;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
});

const operationOf = (id: string): ApiOperation => {
  const found = operations.find(({ operation }) => operation.operationId === id);
  if (found === undefined) throw new Error(`no operation ${id}`);
  return found.operation;
};
const codesOf = (operation: ApiOperation): string[] =>
  Object.values(operation.responses).flatMap((response) => {
    const schema = response.content?.['application/problem+json']?.schema as
      | { allOf: [unknown, { properties: { code: { enum: string[] } } }] }
      | undefined;
    return schema?.allOf[1].properties.code.enum ?? [];
  });

describe('the OpenAPI document', () => {
  test('has every route of the router, and the router has every path of it', () => {
    const routes = api.routes.filter((route) => !route.startsWith('ALL ')).toSorted();
    const paths = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`).toSorted();
    expect(paths.length).toBeGreaterThan(20);
    expect(routes).toEqual(paths);
    // What answers other methods has no paths of its own.
    const others = api.routes.filter((route) => route.startsWith('ALL ')).map((route) => route.slice('ALL '.length));
    expect(others.filter((path) => path !== '/*' && !(path in document.paths))).toEqual([]);
  });

  test('has exactly the commands and queries that are offered, under their names', () => {
    const offered = [...registry.commands.values()].filter(({ internal }) => internal !== true);
    expect(offered.length).toBeLessThan(registry.commands.size);
    const expected = [
      ...offered.map(({ type }) => `post /v1/${type.replace('.', '/')} ${type}`),
      ...[...registry.queries.keys()].map((type) => `get /v1/${type.replace('.', '/')} ${type}`),
    ];
    const found = operations
      .filter(
        ({ path }) =>
          path.startsWith('/v1/') &&
          !/^\/v1\/(?:receipts|session|events|capabilities|audit\/bundle|approval\/feed|webhook\/subscriptions\/.*\/poll)(?:\/|$)/.test(
            path,
          ),
      )
      .map(({ method, path, operation }) => `${method} ${path} ${operation.operationId}`);
    expect(found.toSorted()).toEqual(expected.toSorted());
  });

  test('every $ref leads somewhere, and everything that is defined is used', () => {
    const references = referencesIn(document);
    expect(references.length).toBeGreaterThan(100);
    const components = Object.entries(document.components).flatMap(([section, entries]) =>
      Object.keys(entries).map((name) => `#/components/${section}/${name}`),
    );
    expect([...new Set(references)].filter((reference) => !components.includes(reference))).toEqual([]);
    const unused = components.filter((one) => !references.includes(one) && !one.includes('/securitySchemes/'));
    expect(unused).toEqual([]);
  });

  test('every schema is a sound JSON Schema of the dialect of OpenAPI 3.1', () => {
    expect(document.openapi).toBe('3.1.0');
    const schemas = [
      ...Object.entries(document.components.schemas),
      ...operations.flatMap(({ operation }) =>
        Object.entries(operation.responses).flatMap(([status, { content = {} }]) =>
          Object.values(content).map(({ schema }): [string, unknown] => [`${operation.operationId} ${status}`, schema]),
        ),
      ),
    ];
    expect(schemas.length).toBeGreaterThan(100);
    expect(schemas.flatMap(([name, schema]) => schemaFindings(schema, name))).toEqual([]);
    expect(JSON.stringify(document)).not.toContain('draft-07');
  });

  test('the check of schemas sees what is wrong with one', () => {
    expect(schemaFindings({ type: 'text' })).toHaveLength(1);
    expect(schemaFindings({ type: 'object', properties: { a: { pattern: '(' } }, required: ['b'] })).toHaveLength(2);
    expect(schemaFindings({ anyOf: [{ nullable: true }] })).toHaveLength(1);
  });

  test('an operation is named once, tagged, and says its risk and scope when it needs a credential', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = document.tags.map(({ name }) => name);
    for (const { operation, path } of operations) {
      expect(tags).toContain(operation.tags[0] ?? '');
      const guarded = path.startsWith('/v1/');
      // What people do to their own session is not granted: it comes with having logged in.
      const scoped = guarded && !path.startsWith('/v1/session');
      expect('x-karmanflow-scope' in operation).toBe(scoped);
      expect('x-karmanflow-risk' in operation).toBe(scoped);
      expect('security' in operation).toBe(guarded);
      expect('401' in operation.responses).toBe(guarded);
    }
  });

  test('a command says its risk, scope, and every refusal as a problem of the status of the catalogue', () => {
    let refusals = 0;
    for (const definition of registry.commands.values()) {
      if (definition.internal === true) continue;
      const operation = operationOf(definition.type);
      expect(operation).toMatchObject({
        'x-karmanflow-risk': definition.risk,
        'x-karmanflow-scope': definition.scope,
        summary: definition.summary,
      });
      for (const code of definition.refusals) {
        refusals += 1;
        const { status } = errorCatalogue[code];
        const response = operation.responses[String(status)];
        expect(JSON.stringify(response)).toContain(`"${code}"`);
        expect(response?.description).toContain(`\`${code}\``);
      }
      expect(codesOf(operation).includes('version_conflict')).toBe(definition.versioned !== undefined);
      expect(Object.keys(operation.responses)).toContain(['R2', 'R3'].includes(definition.risk) ? '202' : '200');
    }
    expect(refusals).toBeGreaterThan(20);
  });

  test('every code that is documented is in the catalogue', () => {
    const codes = operations.flatMap(({ operation }) => codesOf(operation));
    expect(codes.length).toBeGreaterThan(200);
    expect(codes.filter((code) => !isErrorCode(code))).toEqual([]);
  });
});
