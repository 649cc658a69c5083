import { describe, expect, test } from 'bun:test';
import { captureLog } from '../testing/capture-log.ts';
import { runWithIdentity } from '../tracing/request-context.ts';
import type { RequestIdentity } from '../tracing/request-identity.ts';
import { createLogger } from './create-logger.ts';
import type { LogLevel } from './logger.ts';

const secret = 'hunter2-hunter2-hunter2';

function loggerWithCapture(level: LogLevel = 'debug') {
  const capture = captureLog();
  return { capture, logger: createLogger({ app: 'sample', level, destination: capture.destination }) };
}

function identityOf(last: string): RequestIdentity {
  return {
    correlationId: `kfcor_018f0000-0000-7000-8000-00000000000${last}`,
    requestId: `kfreq_018f0000-0000-7000-8000-00000000000${last}`,
    causationId: null,
    externalCorrelationId: null,
    traceparent: `00-0000000000000000000000000000000${last}-000000000000000${last}-01`,
    tracestate: null,
  };
}

describe('createLogger', () => {
  test('a line is one JSON object with time, level, severity, app and message', () => {
    const { capture, logger } = loggerWithCapture();
    logger.warn({ attempt: 2 }, 'retrying');
    expect(capture.lines()).toEqual([
      {
        level: 'warn',
        severity: 'WARNING',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        app: 'sample',
        attempt: 2,
        message: 'retrying',
      },
    ]);
  });

  test('lines below the level are not written', () => {
    const { capture, logger } = loggerWithCapture('error');
    logger.warn({}, 'no');
    logger.error({}, 'yes');
    expect(capture.lines().map((line) => line['message'])).toEqual(['yes']);
  });

  const secretNames = [
    'authorization',
    'Authorization',
    'proxy-authorization',
    'cookie',
    'set-cookie',
    'secret',
    'clientSecret',
    'client_secret',
    'password',
    'dbPassword',
    'token',
    'accessToken',
    'ACCESS_TOKEN',
    'signature',
    'webhook-signature',
    'apiKey',
    'api_key',
    'x-api-key',
    'privateKey',
    'signingKey',
    'credentials',
  ];
  test.each(secretNames)('a field named %s is redacted at every depth, also in child bindings', (name) => {
    const { capture, logger } = loggerWithCapture();
    logger.info({ [name]: secret }, 'flat');
    logger.info({ one: { [name]: secret } }, 'two levels');
    logger.info({ one: { two: { [name]: secret } } }, 'three levels');
    logger.info({ one: { two: { three: { [name]: { value: secret } } } } }, 'four levels');
    logger.info({ list: [{ [name]: [secret] }] }, 'in a list');
    logger.info({ headers: new Headers({ [name]: secret }) }, 'in headers');
    logger.child({ [name]: secret }).info({}, 'bound');
    logger
      .child({ one: { [name]: secret } })
      .child({ more: { [name]: secret } })
      .info({}, 'bound twice');
    expect(capture.lines()).toHaveLength(8);
    expect(capture.text()).not.toContain('hunter2');
    expect(capture.lines()[0]?.[name]).toBe('[redacted]');
  });

  test('names and ids of secrets are written, and whether there is one', () => {
    const { capture, logger } = loggerWithCapture();
    const fields = {
      secretRef: 'secrets://db',
      apiKeyId: 'key_1',
      tokenCount: 3,
      keyId: 'k1',
      hasPassword: true,
      token: null,
    };
    logger.info(fields, 'visible');
    expect(capture.lines()[0]).toMatchObject(fields);
  });

  test('an idempotency key is written as a short digest', () => {
    const { capture, logger } = loggerWithCapture();
    logger.info({ idempotencyKey: 'order-of-jane@example.org', headers: { 'Idempotency-Key': 'abc' } }, 'command');
    expect(capture.text()).not.toContain('jane');
    expect(capture.lines()[0]).toMatchObject({
      idempotencyKey: expect.stringMatching(/^sha256:[0-9a-f]{12}$/),
      headers: { 'Idempotency-Key': 'sha256:ba7816bf8f01' },
    });
  });

  const credentials = [
    `connect postgresql://kf_command:${secret}@db:5432/kf failed`,
    `"postgresql://kf_command:${secret}@db/kf" cannot be parsed as a URL.`,
    `quoted password postgresql://u:a"b\\${secret}@db`,
    `sent Authorization: Bearer ${secret}`,
    `sent Basic ${secret}`,
    `key whsec_${secret}`,
    `jwt eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.${secret}`,
    `-----BEGIN RSA PRIVATE ${'KEY'}-----\n${secret}\n-----END RSA PRIVATE ${'KEY'}-----`,
  ];
  test.each(credentials)('a credential of a known form is taken out of any text: %s', (text) => {
    const { capture, logger } = loggerWithCapture();
    logger.info({ text, nested: { text } }, 'in fields');
    logger.info({}, text);
    logger.error({ err: new Error(text, { cause: new Error(text) }) }, 'in an error');
    expect(capture.lines()).toHaveLength(3);
    expect(capture.text()).not.toContain('hunter2');
    expect(capture.text()).toContain('[redacted]');
  });

  test('ordinary addresses stay readable', () => {
    const { capture, logger } = loggerWithCapture();
    const text = 'GET http://127.0.0.1:8080/v1/things?of=a@b.example failed, basic checks passed';
    logger.info({ text }, 'kept');
    expect(capture.lines()[0]?.['text']).toBe(text);
  });

  test('an error is reduced to type, message, code, stack and cause', () => {
    const { capture, logger } = loggerWithCapture();
    const error = Object.assign(new TypeError('broken', { cause: new Error('below') }), {
      code: '23505',
      detail: secret,
      query: secret,
      response: { body: secret },
    });
    logger.error({ err: error, other: { inside: error } }, 'failed');
    expect(capture.text()).not.toContain('hunter2');
    expect(capture.lines()[0]?.['err']).toEqual({
      type: 'TypeError',
      message: 'broken',
      code: '23505',
      stack: expect.stringContaining('broken'),
      cause: { type: 'Error', message: 'below', stack: expect.any(String) },
    });
  });

  test('what was thrown without being an error is described, not printed', () => {
    const { capture, logger } = loggerWithCapture();
    logger.error({ err: Object.assign(new Error('a'), { cause: { password: secret } }) }, 'odd cause');
    expect(capture.text()).not.toContain('hunter2');
    expect(capture.lines()[0]?.['err']).toMatchObject({ cause: { type: 'object', message: '[object Object]' } });
  });

  test('everything is bounded: length, breadth, depth, cycles, bytes', () => {
    const { capture, logger } = loggerWithCapture();
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    logger.info(
      {
        long: 'x'.repeat(100_000),
        wide: Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`n${index}`, 'y'.repeat(10)])),
        list: Array.from({ length: 1_000 }, () => 1),
        bytes: new Uint8Array(9_999).fill(65),
        cycle,
        big: 12345678901234567890n,
        invalid: new Date(Number.NaN),
      },
      'huge',
    );
    expect(capture.text().length).toBeLessThan(8_000);
    expect(capture.lines()[0]).toMatchObject({
      bytes: '[9999 bytes]',
      big: '12345678901234567890',
      invalid: '[Invalid Date]',
    });
    expect(capture.text()).toContain('[nested too deep]');
  });

  test('lines carry the ids of the request that they are written in, over awaits and side by side', async () => {
    const { capture, logger } = loggerWithCapture();
    await Promise.all(
      ['1', '2', '3'].map((last) =>
        runWithIdentity(identityOf(last), async () => {
          await Promise.resolve();
          await Bun.sleep(Number(last));
          logger.info({ last }, 'inside');
        }),
      ),
    );
    logger.info({ last: 'none' }, 'outside');
    const lines = capture.lines();
    expect(lines).toHaveLength(4);
    for (const line of lines.slice(0, 3)) {
      const last = String(line['last']);
      expect(line).toMatchObject({
        trace_id: `0000000000000000000000000000000${last}`,
        span_id: `000000000000000${last}`,
        correlation_id: identityOf(last).correlationId,
        request_id: identityOf(last).requestId,
      });
    }
    expect(lines[3]).not.toHaveProperty('trace_id');
    expect(lines[3]).not.toHaveProperty('request_id');
  });
});
