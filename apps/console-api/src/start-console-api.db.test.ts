import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createTestWorld, type TestWorld } from '@karmanflow/commands/testing';
import { BootRefused, createLogger, readConfiguration } from '@karmanflow/runtime';
import { captureLog, waitUntil } from '@karmanflow/runtime/testing';
import { type ConsoleApiConfiguration, configurationShape } from './configuration.ts';
import { type ConsoleApiProcess, startConsoleApi } from './start-console-api.ts';
import { ApiClient } from './testing/api-client.ts';
import { bootstrapTenant, type BootstrappedTenant } from './testing/bootstrap-tenant.ts';
import { createProcessSettings, type ProcessSettings } from './testing/process-settings.ts';
import { type Stock, stockUp } from './testing/stock.ts';

let world: TestWorld;
let tenant: BootstrappedTenant;
let settings: ProcessSettings;
beforeAll(async () => {
  world = await createTestWorld();
  tenant = await bootstrapTenant(world);
  settings = await createProcessSettings(world);
});
afterAll(async () => {
  await settings.remove();
  await world.close();
});

function configurationOf(changes: Readonly<Record<string, string>> = {}): ConsoleApiConfiguration {
  const read = readConfiguration(configurationShape, { ...settings.environmentVariables, ...changes });
  if (!read.ok) throw new Error(read.message);
  return read.configuration;
}

const clientOf = (port: number): ApiClient => new ApiClient(`http://127.0.0.1:${port}`, tenant.keys['operator'] ?? '');

async function start(changes: Readonly<Record<string, string>> = {}) {
  const log = captureLog();
  const logger = createLogger({ app: 'console-api', level: 'info', destination: log.destination });
  const running: ConsoleApiProcess = await startConsoleApi(configurationOf(changes), logger);
  return { running, log, client: clientOf(running.port) };
}

/** Holds the stock's row, so that a command on it is accepted and cannot finish. */
async function holdStock(stock: Stock): Promise<() => Promise<void>> {
  const admin = await world.testDatabase.admin();
  await admin.query('begin');
  await admin.query('select from kf.inventory_levels where variant_id = $1 for update', [stock.variantId.slice(4)]);
  return async () => void (await admin.query('rollback'));
}

/** A connection that stays open, on which one request follows the other. */
class KeptConnection {
  readonly #socket: Socket;
  #received = '';
  #closed = false;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (chunk: Buffer) => {
      this.#received += chunk.toString('latin1');
    });
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.#closed = true;
    });
  }

  /** What comes back, or nothing when the connection ends instead. */
  async get(path: string): Promise<string> {
    this.#received = '';
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    const isOver = (): boolean => this.#closed || /\r\n\r\n[^]*\}$/.test(this.#received);
    await waitUntil({ what: 'an answer', condition: isOver });
    return this.#received;
  }

  end(): void {
    this.#socket.destroy();
  }
}

describe('the process', () => {
  test('serves requests on one port and metrics on another', async () => {
    const { running, client } = await start();
    expect((await client.get('/readyz')).status).toBe(200);
    await stockUp(client, 5);
    expect((await client.get('/metrics')).status).toBe(404);
    const metrics = await (await fetch(`http://127.0.0.1:${running.metricsPort}/metrics`)).text();
    const names = [...metrics.matchAll(/^# TYPE (kf_\w+) /gm)].map(([, name]) => name);
    for (const name of [
      'kf_http_requests_total',
      'kf_http_request_duration_seconds',
      'kf_commands_total',
      'kf_command_duration_seconds',
      'kf_queue_waiting_commands',
      'kf_queue_running_commands',
      'kf_database_connections',
      'kf_database_waiting_callers',
      'kf_read_database_connections',
      'kf_read_database_waiting_callers',
    ]) {
      expect(names).toContain(name);
    }
    const adjusted =
      /^kf_commands_total\{[^}]*command="inventory\.adjust",outcome="SUCCEEDED",replayed="false"[^}]*\} 1$/m;
    expect(adjusted.test(metrics)).toBe(true);
    expect((await fetch(`http://127.0.0.1:${running.metricsPort}/healthz`)).status).toBe(404);
    await running.stop();
  });

  test('lets what it accepted finish, refuses what is new, and ends in time', async () => {
    const { running, log, client } = await start();
    const stock = await stockUp(client, 5);
    const release = await holdStock(stock);
    const kept = new KeptConnection(running.port);
    expect(await kept.get('/readyz')).toStartWith('HTTP/1.1 200 ');
    const accepted = client.send('reservation.create', { lines: [{ ...stock, quantity: 1 }] });
    await waitUntil({
      what: 'the command to be accepted',
      condition: async () => {
        const text = await (await fetch(`http://127.0.0.1:${running.metricsPort}/metrics`)).text();
        return /^kf_queue_running_commands\{[^}]*\} 1$/m.test(text);
      },
    });
    const stopped = running.stop();
    expect(await kept.get('/readyz')).toMatch(/^(?:$|HTTP\/1\.1 503 )/);
    kept.end();
    const refused = await clientOf(running.port)
      .request('/healthz', { keepalive: false })
      .then(({ code }) => code)
      .catch(() => 'refused');
    expect(['refused', 'draining']).toContain(refused);
    await release();
    expect((await accepted).status).toBe(200);
    await stopped;
    expect(log.lines().filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('does not start with the wrong role, nor without its keyring, and leaves nothing open', async () => {
    const log = captureLog();
    const logger = createLogger({ app: 'console-api', level: 'info', destination: log.destination });
    const swapped = configurationOf({ KF_READ_DATABASE_URL_REF: 'secrets://database-url-kf_command' });
    expect(await startConsoleApi(swapped, logger).catch((error: unknown) => error)).toBeInstanceOf(BootRefused);
    const keyless = configurationOf({ KF_RECEIPT_KEYRING_REF: 'secrets://nothing' });
    expect(await startConsoleApi(keyless, logger).catch((error: unknown) => error)).toBeInstanceOf(Error);
    const admin = await world.testDatabase.admin();
    const open = async (): Promise<number> => {
      const { rows } = await admin.query(
        "select count(*)::int as open from pg_stat_activity where datname = current_database() and application_name = 'console-api'",
      );
      return rows[0].open;
    };
    await waitUntil({ what: 'every connection to be closed', condition: async () => (await open()) === 0 });
    for (const secret of settings.secrets) expect(log.text()).not.toContain(secret);
  });

  test('commits without waiting for the disk in the profile local only, and says so', async () => {
    const { running, log } = await start({ KF_SYNCHRONOUS_COMMIT: 'off' });
    expect(log.text()).toContain('commits_not_durable');
    await running.stop();
    const logger = createLogger({ app: 'console-api', level: 'silent', destination: captureLog().destination });
    const elsewhere = configurationOf({ KF_PROFILE: 'production', KF_SYNCHRONOUS_COMMIT: 'off' });
    expect(String(await startConsoleApi(elsewhere, logger).catch((error: unknown) => error))).toContain(
      'KF_SYNCHRONOUS_COMMIT',
    );
  });
});

describe('main.ts', () => {
  const entry = new URL('main.ts', import.meta.url).pathname;
  const spawn = (environmentVariables: Readonly<Record<string, string>>) =>
    Bun.spawn([process.execPath, entry], {
      env: { PATH: process.env['PATH'] ?? '', ...environmentVariables },
      stdout: 'pipe',
      stderr: 'pipe',
    });

  test('serves until SIGTERM, finishes what it began, and exits with 0 in time', async () => {
    const child = spawn(settings.environmentVariables);
    let output = '';
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of child.stdout) output += decoder.decode(chunk, { stream: true });
    })();
    const portPattern = /"port":(\d+),"metricsPort"/;
    await waitUntil({
      what: 'the process to serve',
      condition: () => portPattern.test(output),
      deadlineMilliseconds: 60_000,
    });
    const client = clientOf(Number(portPattern.exec(output)?.[1]));
    const stock = await stockUp(client, 5);
    const release = await holdStock(stock);
    const accepted = client.send('reservation.create', { lines: [{ ...stock, quantity: 1 }] });
    const admin = await world.testDatabase.admin();
    const blocked = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    await waitUntil({
      what: 'the command to wait',
      condition: async () => (await admin.query(blocked)).rowCount === 1,
    });
    child.kill('SIGTERM');
    await waitUntil({ what: 'the stop to begin', condition: () => output.includes('"message":"stopping"') });
    await release();
    expect((await accepted).status).toBe(200);
    expect(await child.exited).toBe(0);
    await reading;
    const lines = output
      .trim()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line));
    expect(lines.at(-1)).toMatchObject({ message: 'stopped' });
    expect(await new Response(child.stderr).text()).toBe('');
    for (const secret of [...settings.secrets, ...Object.values(tenant.keys)]) expect(output).not.toContain(secret);
  }, 90_000);

  test('a wrong configuration is one line that names the variables and repeats no value', async () => {
    const child = spawn({ ...settings.environmentVariables, KF_PORT: 'kf-wrong-value', KF_SECRETS: '' });
    const output = await new Response(child.stdout).text();
    expect(await child.exited).toBe(1);
    const [line = '', ...rest] = output.trim().split('\n');
    expect(rest).toEqual([]);
    expect(JSON.parse(line)).toMatchObject({
      level: 'fatal',
      problems: [{ variable: 'KF_PORT' }, { variable: 'KF_SECRETS' }],
    });
    expect(output).not.toContain('kf-wrong-value');
  });
});
