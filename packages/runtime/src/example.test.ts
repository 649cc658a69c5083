import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { startEcho } from '../example.ts';
import { captureLog } from './testing/capture-log.ts';

const readmeText = await Bun.file(new URL('../README.md', import.meta.url)).text();
const exampleText = await Bun.file(new URL('../example.ts', import.meta.url)).text();

describe('the example', () => {
  const capture = captureLog();
  let echo: Awaited<ReturnType<typeof startEcho>>;
  beforeAll(async () => {
    echo = await startEcho({
      environmentVariables: { KF_PROFILE: 'local', KF_PORT: '0', KF_METRICS_PORT: '0' },
      destination: capture.destination,
      uuidSource: () => '018f0000-0000-7000-8000-000000000001',
      randomBytes: (size) => new Uint8Array(size).fill(0xab),
    });
  });
  afterAll(() => echo.stop());

  const send = (length: number, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${echo.port}/echo`, { method: 'POST', body: 'x'.repeat(length), headers });

  test('answers, refuses, logs and counts, as the README shows', async () => {
    const accepted = await send(5, { authorization: 'Bearer hunter2' });
    expect(await accepted.json()).toEqual({ bytes: 5 });
    expect(accepted.headers.get('x-karmanflow-request-id')).toBe('kfreq_018f0000-0000-7000-8000-000000000001');
    expect(accepted.headers.get('content-security-policy')).toContain("default-src 'none'");

    const refused = await send(101);
    expect(refused.status).toBe(413);
    const document: unknown = await refused.json();
    expect(document).toMatchObject({ code: 'body_too_large', instance: 'kfreq_018f0000-0000-7000-8000-000000000001' });
    expect(readmeText).toContain(JSON.stringify(document, null, 2));

    expect((await send(5, { 'x-karmanflow-correlation-id': 'mine' })).status).toBe(400);

    const { time, ...line } = capture.lines()[0] ?? {};
    expect(time).toBeString();
    expect(line).toMatchObject({ message: 'echoed', authorization: '[redacted]', trace_id: 'ab'.repeat(16) });
    expect(readmeText).toContain(JSON.stringify(line, null, 2));

    const scraped = await (await fetch(`http://127.0.0.1:${echo.metricsPort}/metrics`)).text();
    expect(scraped).toContain('kf_echoes_total{outcome="accepted",app="echo"} 1');
  });

  test('a wrong configuration is refused with every problem at once', async () => {
    const environmentVariables = { KF_PROFILE: 'staging', KF_PORT: '-1' };
    const sources = { uuidSource: () => '', randomBytes: (size: number) => new Uint8Array(size) };
    const starting = startEcho({ environmentVariables, destination: capture.destination, ...sources });
    const message = await starting.then(
      () => '',
      (error: unknown) => (error instanceof Error ? error.message : ''),
    );
    expect(message).toContain('KF_PROFILE');
    expect(readmeText).toContain(`\`\`\`text\n${message}\n\`\`\``);
  });

  test('stands in the README word for word', () => {
    expect(exampleText.length).toBeGreaterThan(1_000);
    expect(readmeText).toContain(`\`\`\`ts\n${exampleText}\`\`\``);
  });
});
