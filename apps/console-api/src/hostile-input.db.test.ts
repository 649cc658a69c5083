import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { registry } from '@karmanflow/commands';
import { limits } from '@karmanflow/schema';
import fc from 'fast-check';
import * as v from 'valibot';
import { type ApiOperation, type ApiParameter, resolve } from './api-document.ts';
import { problemShape } from './document-shapes.ts';
import { exampleOf } from './example-of.ts';
import type { ApiAnswer } from './testing/api-answer.ts';
import type { ApiClient } from './testing/api-client.ts';
import { arbitraryOf, hostileOf } from './testing/arbitrary-of.ts';
import { createIdleApi } from './testing/idle-api.ts';
import { rawRequest, rawText } from './testing/raw-request.ts';
import { startTestApi, type TestApi } from './testing/start-test-api.ts';
import type { JsonSchema } from './valibot-bridge.ts';

const runsPerOperation = 40;
const { document } = await createIdleApi();
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    // Sessions take no command and no query: sessions/hostile-session.db.test.ts.
    .filter(() => path.startsWith('/v1/') && !path.startsWith('/v1/session'))
    // An answer without an end and no other: approval-feed/approval-feed.db.test.ts.
    .filter(([, operation]) => Object.keys(operation.responses['200']?.content ?? {}).join() !== 'text/event-stream')
    .map(([method, operation]) => ({ path, method, operation })),
);
const commands = operations
  .filter(({ method }) => method === 'post')
  .map(({ path, operation }) => ({ path, operation, id: operation.operationId }));
const reads = operations
  .filter(({ method }) => method === 'get')
  .map(({ path, operation }) => ({ path, operation, id: operation.operationId }));

let api: TestApi;
let operator: ApiClient;
beforeAll(async () => {
  // Whoever would wait for an event is refused: it would only take time.
  api = await startTestApi({ eventFeedLimits: { waits: 0 } });
  operator = api.as('operator');
});
afterAll(() => api.stop());

const bodySchema = (operation: ApiOperation): JsonSchema =>
  operation.requestBody?.content['application/json']?.schema ?? {};
const exampleBody = (operation: ApiOperation): Record<string, unknown> =>
  structuredClone(operation.requestBody?.content['application/json']?.example) as Record<string, unknown>;
const parametersOf = (operation: ApiOperation): ApiParameter[] =>
  (operation.parameters ?? []).filter((one): one is ApiParameter => !('$ref' in one));

function issuesOf(answer: ApiAnswer): readonly { path: string; message: string }[] {
  expect(answer).toMatchObject({ status: 400, code: 'input_invalid' });
  return v.parse(problemShape, answer.json).issues ?? [];
}

/** Fails unless the answer is one that the document promises for the operation. */
function expectDocumented(answer: ApiAnswer, operation: ApiOperation): void {
  const response = operation.responses[String(answer.status)];
  if (response === undefined) throw new Error(`${operation.operationId} answered ${answer.status} ${answer.text}`);
  if (answer.status < 400) return;
  // That something failed on our side is documented, and is never the fault of an input.
  if (answer.status === 500) throw new Error(`${operation.operationId} fell over: see the log`);
  expect(v.parse(problemShape, answer.json).status).toBe(answer.status);
  expect(response.description).toContain(`\`${answer.code}\``);
  expect(answer.text).not.toMatch(/node_modules|\.ts:\d|at async|SELECT|pg_/);
}

/** A value of another type than the schema wants. */
function otherType(schema: JsonSchema): unknown {
  return resolve(document, schema)['type'] === 'string' ? 4711 : 'text';
}

test('there is something to test', () => {
  expect(commands.length).toBe([...registry.commands.values()].filter(({ internal }) => internal !== true).length);
  expect(reads.length).toBe(registry.queries.size + 7);
});

describe.each(commands)('$id', ({ path, operation, id }) => {
  const send = (input: unknown): Promise<ApiAnswer> => operator.send(id, input);

  test('refuses an unknown field', async () => {
    const issues = issuesOf(await send({ ...exampleBody(operation), surplus: 1 }));
    expect(issues).toEqual([{ path: 'surplus', message: 'unknown field' }]);
    expect(path).toBe(`/v1/${id.replace('.', '/')}`);
  });

  test('refuses a wrong type in every field, and an input that is no object', async () => {
    const { properties = {} } = resolve(document, bodySchema(operation)) as { properties?: Record<string, JsonSchema> };
    expect(Object.keys(properties).length).toBeGreaterThan(0);
    for (const [field, schema] of Object.entries(properties)) {
      const issues = issuesOf(await send({ ...exampleBody(operation), [field]: otherType(schema) }));
      expect(issues.map((issue) => issue.path)).toContain(field);
    }
    for (const wrong of [[], [exampleBody(operation)], null, 'text', 1]) issuesOf(await send(JSON.stringify(wrong)));
  });

  test('refuses when a field is missing that must be there', async () => {
    const { required = [] } = resolve(document, bodySchema(operation)) as { required?: string[] };
    // The one command whose fields are all alternatives of each other.
    expect(required.length > 0 || id === 'inventory.clear_oversell_policy').toBe(true);
    for (const field of required) {
      const { [field]: _left, ...rest } = exampleBody(operation);
      expect(issuesOf(await send(rest))).toContainEqual({ path: field, message: 'required' });
    }
  });

  test('answers what the document promises to whatever fits its schema', async () => {
    const input = arbitraryOf(document, bodySchema(operation));
    const property = fc.asyncProperty(input, async (value) => expectDocumented(await send(value), operation));
    await fc.assert(property, { numRuns: runsPerOperation });
  });

  test('answers what the document promises to whatever does not', async () => {
    const input = hostileOf(document, bodySchema(operation));
    const property = fc.asyncProperty(input, async (value) => expectDocumented(await send(value), operation));
    await fc.assert(property, { numRuns: runsPerOperation });
  });
});

describe.each(reads)('$id', ({ path, operation, id }) => {
  const address = (fields: Readonly<Record<string, string>>): string => {
    let filled = path;
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(fields)) {
      if (filled.includes(`{${name}}`)) filled = filled.replace(`{${name}}`, () => encodeURIComponent(value));
      else query.append(name, value);
    }
    return `${filled}?${query.toString()}`;
  };
  const needed = Object.fromEntries(
    parametersOf(operation)
      .filter(({ required }) => required)
      .map(({ name, schema }) => [name, String(exampleOf(schema, name))]),
  );

  test('refuses an unknown field', async () => {
    const issues = issuesOf(await operator.get(address({ ...needed, surplus: '1' })));
    expect(issues).toEqual([{ path: 'surplus', message: 'unknown field' }]);
  });

  test('refuses a wrong value in every field', async () => {
    const parameters = parametersOf(operation);
    // The one read that has nothing to be asked for.
    expect(parameters.length > 0 || id === 'access.tenant').toBe(true);
    for (const { name } of parameters)
      issuesOf(await operator.get(address({ ...needed, [name]: '\u0001 wrong \u0001' })));
  });

  test('refuses when a field is missing that must be there', async () => {
    for (const { name } of parametersOf(operation).filter((one) => one.required && one.in === 'query')) {
      const { [name]: _left, ...rest } = needed;
      expect(issuesOf(await operator.get(address(rest)))).toContainEqual({ path: name, message: 'required' });
    }
  });

  test('answers what the document promises to whatever is asked', async () => {
    const fields = Object.fromEntries(
      parametersOf(operation).map(({ name, schema }) => [
        name,
        fc.oneof(
          { weight: 3, arbitrary: arbitraryOf(document, schema) },
          { weight: 1, arbitrary: fc.string({ minLength: 1 }) },
        ),
      ]),
    );
    const property = fc.asyncProperty(fc.record(fields, { requiredKeys: Object.keys(needed) }), async (asked) => {
      const texts = Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, String(value)]));
      // A path parameter of dots alone leads elsewhere, before the request is even sent.
      if (Object.values(texts).some((text) => /^\.+$/.test(text))) return;
      expectDocumented(await operator.get(address(texts)), operation);
    });
    await fc.assert(property, { numRuns: runsPerOperation });
  });
});

describe('a body', () => {
  const path = '/v1/reservation/create';
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<ApiAnswer> =>
    operator.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': Bun.randomUUIDv7(), ...headers },
      body,
    });

  test.each([
    '',
    '{',
    '{"a":1,}',
    '[',
    'null',
    '{"a":01}',
    "{'a':1}",
    '{"a":1}{"b":2}',
    '\ufeff{}',
    '{"a":1,"a":2}',
    '{"__proto__":{}}',
    '{"a":"\\ud800"}',
    '{"a":1e999}',
  ])('that is %j is refused', async (text) => {
    const answer = await post(text);
    expect(answer.status).toBe(400);
    expect(['json_malformed', 'input_invalid']).toContain(answer.code);
  });

  test('that is not UTF-8, nests too deep or is endless is refused', async () => {
    expect(await post(new Uint8Array([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]))).toMatchObject({
      code: 'json_malformed',
    });
    for (const levels of [limits.jsonDepth, 1_000, 40_000]) {
      const answer = await post(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
      expect(answer.status).toBe(400);
    }
    const members = Array.from({ length: 20_000 }, (_, index) => `"k${index}":1`).join(',');
    expect(await post(`{${members}}`)).toMatchObject({ status: 400, code: 'input_invalid' });
  });

  test('that is too large is refused, announced or not', async () => {
    const large = JSON.stringify({ reference: 'x'.repeat(limits.requestBodyBytes) });
    expect(await post(large)).toMatchObject({ status: 413, code: 'body_too_large' });
    expect((await post('x'.repeat(4 * limits.requestBodyBytes))).status).toBe(413);
    const chunk = 'x'.repeat(64 * 1024);
    const chunked = rawText({
      line: `POST ${path} HTTP/1.1`,
      headers: [
        `Authorization: Bearer ${api.tenant.keys['operator'] ?? ''}`,
        'Content-Type: application/json',
        'Idempotency-Key: chunked',
        'Transfer-Encoding: chunked',
      ],
      body: `${`${chunk.length.toString(16)}\r\n${chunk}\r\n`.repeat(6)}0\r\n\r\n`,
    });
    expect(await rawRequest(api.server.port, chunked)).toStartWith('HTTP/1.1 413 ');
  });

  test.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=latin1',
    'application/json, text/plain',
    'application/jsonp',
    'application/vnd.api+json',
  ])('of type %s is refused', async (type) => {
    expect(await post('{}', { 'content-type': type })).toMatchObject({ status: 415, code: 'media_type_unsupported' });
  });

  test.each(['application/json;charset=utf-8', 'application/json; charset="UTF-8"', 'Application/JSON'])(
    'of type %s is read',
    async (type) => {
      expect(await post('{}', { 'content-type': type })).toMatchObject({ status: 400, code: 'input_invalid' });
    },
  );

  test('that is compressed is refused, and so none expands', async () => {
    const body = new Uint8Array(Bun.gzipSync(Buffer.from('{}')));
    expect(await post(body, { 'content-encoding': 'gzip' })).toMatchObject({ status: 415 });
  });

  test('without a key is refused before it is read', async () => {
    expect(await post('{', { 'idempotency-key': '' })).toMatchObject({ status: 400, code: 'idempotency_key_missing' });
    expect(await post('{', { 'idempotency-key': 'two words' })).toMatchObject({ status: 400, code: 'header_invalid' });
  });

  test('a header that is far too large ends with a client error', async () => {
    const text = rawText({ line: 'GET /healthz HTTP/1.1', headers: [`X-Large: ${'x'.repeat(100_000)}`] });
    expect(await rawRequest(api.server.port, text)).toMatch(/^(?:HTTP\/1\.1 4\d\d )?/);
    expect((await operator.get('/healthz')).status).toBe(200);
  });
});

test('not one request of all these was a bug', () => {
  const lines = api.log.lines();
  expect(lines.length).toBeGreaterThan(500);
  expect(lines.filter(({ status }) => status === 500).map(({ route }) => route)).toEqual([]);
});
