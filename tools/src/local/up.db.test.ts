import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { isAlive } from '../postgres/process-table.ts';
import { appNames } from './local-apps.ts';
import { readRunRecord, type RunRecord } from './run-record.ts';
import { createTemporaryState, type TemporaryState } from './testing/temporary-state.ts';

// The real commands with the real apps, on a state directory and ports of their own. The steps build on each other.
setDefaultTimeout(90_000);
const root = resolve(import.meta.dir, '../../..');
let state: TemporaryState;
let environment: Record<string, string>;
const started: Spawned[] = [];
beforeAll(async () => {
  state = await createTemporaryState();
  // The printed commands say `bun` when a shell would find the one that runs us.
  const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  environment = { PATH: path, HOME: process.env['HOME'] ?? state.folder, ...state.variables };
});
afterAll(async () => {
  for (const one of started) one.child.kill('SIGTERM');
  await Promise.all(started.map(({ exited }) => exited));
  await run('down');
  await state.remove();
});

interface Spawned {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  output(): string;
  /** Resolves with the output so far as soon as it contains `text`; throws when the process ends first. */
  says(text: string): Promise<string>;
}

function start(command: readonly string[]): Spawned {
  const [program = '', ...parameters] = command;
  const child = spawn(program, parameters, { cwd: state.folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const exited = new Promise<number | null>((settle) => {
    child.once('close', settle);
  });
  const heard = Promise.withResolvers<string>();
  let awaited: string | null = null;
  const hear = (chunk: Buffer): void => {
    output += chunk.toString('utf8');
    if (awaited !== null && output.includes(awaited)) heard.resolve(output);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  return {
    child,
    exited,
    output: () => output,
    says: (text) => {
      awaited = text;
      if (output.includes(text)) return Promise.resolve(output);
      const ended = exited.then((code) => Promise.reject(new Error(`ended with ${code} before "${text}":\n${output}`)));
      return Promise.race([heard.promise, ended]);
    },
  };
}

function startScript(name: string, ...parameters: string[]): Spawned {
  return start([process.execPath, join(root, 'tools', 'src', 'local', `${name}.ts`), ...parameters]);
}

async function run(name: string, ...parameters: string[]): Promise<{ code: number | null; output: string }> {
  const script = startScript(name, ...parameters);
  return { code: await script.exited, output: script.output() };
}

async function up(): Promise<Spawned> {
  const process = startScript('up');
  started.push(process);
  await process.says('Throw its data away');
  return process;
}

async function recorded(): Promise<RunRecord> {
  const record = await readRunRecord(state.paths.run);
  if (record === null) throw new Error('nothing is recorded');
  return record;
}

/** The command of the summary that contains `part`, as it would be copied. */
function commandWith(output: string, part: string): string {
  const block = output.split('\n\n').find((text) => text.includes(part) && /^(?:curl|KF_STATE_DIRECTORY)/.test(text));
  if (block === undefined) throw new Error(`no command with ${part} in:\n${output}`);
  return block;
}

async function paste(command: string): Promise<string> {
  const shell = start(['sh', '-c', command]);
  expect(await shell.exited).toBe(0);
  return shell.output();
}

describe('bun run up', () => {
  let environmentUp: Spawned;
  let demoText: string;

  test('makes everything from nothing, and says how long it took', async () => {
    environmentUp = await up();
    const seconds = Number(/Ready after ([\d.]+) s/.exec(environmentUp.output())?.[1]);
    expect(seconds).toBeGreaterThan(0);
    demoText = await readFile(state.paths.demo, 'utf8');
    expect((await recorded()).apps.map(({ app }) => app).toSorted()).toEqual([...appNames].toSorted());
  });

  test('keeps its secrets from other users', async () => {
    const { directory, secrets, logs, demo, run: record } = state.paths;
    const modes = await Promise.all(
      [directory, secrets, logs, demo, record].map(async (path) => (await stat(path)).mode),
    );
    expect(modes.map((mode) => (mode & 0o777).toString(8))).toEqual(['711', '700', '700', '600', '600']);
  });

  test('prints a reservation that can be pasted, twice', async () => {
    const command = commandWith(environmentUp.output(), '/v1/reservation/create');
    const first = JSON.parse(await paste(command));
    expect(first).toMatchObject({ data: { status: 'ACTIVE' }, replayed: false });
    expect(JSON.parse(await paste(command))).toEqual({ ...first, replayed: true });
    const receipt = commandWith(environmentUp.output(), '/v1/receipts/').replace(
      'rcp_…',
      first.receipt.receipt.receiptId,
    );
    expect(await paste(receipt)).toContain(first.receipt.hash);
    expect(JSON.parse(await paste(commandWith(environmentUp.output(), '/v1/events')))).toHaveProperty('events');
  });

  test('prints a signed webhook that can be pasted', async () => {
    const answer = await paste(commandWith(environmentUp.output(), 'webhook --print'));
    expect(JSON.parse(answer)).toMatchObject({ status: 'SUCCEEDED', replayed: false });
    const sent = await run('send-webhook', '--order', 'order-7', '--message-id', 'msg_7');
    expect(sent).toMatchObject({ code: 0, output: expect.stringContaining('→ 200') });
    const refused = await run('send-webhook', '--quantity', '100000000');
    expect(refused.output).toContain('stock_insufficient');
  });

  test('shows the webhooks that its receiver has verified', async () => {
    const command = commandWith(environmentUp.output(), 'curl -sS http://127.0.0.1');
    const shown = async () => JSON.parse(await paste(command));
    for (;;) {
      // The first reservation of this run; the deadline is that of the test.
      const { deliveries } = await shown();
      const types = deliveries.map(({ eventType }: { readonly eventType: string }) => eventType);
      if (types.includes('inventory.reservation.created')) break;
      await Bun.sleep(100);
    }
    expect(await shown()).toMatchObject({ sequence: { missing: [] } });
  });

  test('lets people log in, and what it prints for them can be pasted', async () => {
    const printed = await paste(
      commandWith(environmentUp.output(), ' login ada').replace(' login ', ' --silent login '),
    );
    expect(printed).toStartWith('ada is logged in, in sandbox of Demo.');
    const jar = join(state.paths.sessions, 'ada.jar');
    const modes = await Promise.all([jar, state.paths.sessions, state.paths.accounts].map((path) => stat(path)));
    expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(['600', '700', '600']);
    const { data } = JSON.parse(await paste(commandWith(printed, '/v1/session')));
    expect(data).toMatchObject({ credential: 'session', tenants: [{ name: 'Demo' }] });
    const production = await run('../identity/login', 'bob', '--environment', 'production', '--tenant', 'Demo');
    expect(production.output).toContain('bob is logged in, in production of Demo.');
    const close = commandWith(printed, '/v1/session/close');
    expect(JSON.parse(await paste(close))).toEqual({ data: { sessionId: data.binding.sessionId } });
    expect(JSON.parse(await paste(commandWith(printed, '/v1/session')))).toMatchObject({ status: 401 });
    for (const wrong of [['nobody'], ['ada', '--environment', 'nowhere'], [], ['ada', '--surplus']]) {
      expect((await run('../identity/login', ...wrong)).code).toBe(1);
    }
  });

  test('does not move the provider away from the people that it knows', async () => {
    const before = { ...environment };
    await run('down');
    environment['KF_IDENTITY_PORT'] = '4';
    const moved = await run('up');
    expect(moved).toMatchObject({ code: 1, output: expect.stringContaining('KF_IDENTITY_PORT') });
    Object.assign(environment, before);
    environmentUp = await up();
  });

  test('runs once in a checkout, and its data is not reset under it', async () => {
    const second = await run('up');
    expect(second.code).toBe(1);
    expect(second.output).toContain(`runs already (process ${environmentUp.child.pid})`);
    expect(second.output).toContain('bun run down');
    const reset = await run('reset');
    expect(reset.code).toBe(1);
    expect(reset.output).toContain('bun run reset --yes');
    expect(await isAlive((await recorded()).up.processId)).toBe(true);
  });

  test('goes on after it was killed without warning', async () => {
    const { apps: before } = await recorded();
    environmentUp.child.kill('SIGKILL');
    await environmentUp.exited;
    environmentUp = await up();
    for (const one of before) expect(await isAlive(one.process.processId)).toBe(false);
    expect(await readFile(state.paths.demo, 'utf8')).toBe(demoText);
    expect(environmentUp.output()).toContain('nothing to migrate');
  });

  test('ends with Ctrl-C, and leaves no process', async () => {
    const { apps: running } = await recorded();
    environmentUp.child.kill('SIGINT');
    // Package runners pass on what the terminal sent to us as well: that is still one Ctrl-C.
    environmentUp.child.kill('SIGINT');
    expect(await environmentUp.exited).toBe(0);
    expect(environmentUp.output()).toMatch(/apps stopped.*\n.*Postgres stopped.*\nStopped\.\n$/);
    for (const one of running) expect(await isAlive(one.process.processId)).toBe(false);
    expect(await readRunRecord(state.paths.run)).toBeNull();
    expect(await run('down')).toEqual({ code: 0, output: 'Nothing was running.\n' });
  });

  test('ends with bun run down, after which a reset removes everything', async () => {
    environmentUp = await up();
    const down = await run('down');
    expect(down).toEqual({ code: 0, output: `Stopped bun run up (process ${environmentUp.child.pid}).\n` });
    expect(await environmentUp.exited).toBe(0);
    const reset = await run('reset');
    expect(reset.code).toBe(0);
    for (const path of [state.paths.postgres, state.paths.secrets, state.paths.demo])
      expect(reset.output).toContain(path);
    await expect(stat(state.paths.directory)).rejects.toThrow('ENOENT');
    expect((await run('reset')).output).toBe('There was nothing to remove.\n');
    expect((await run('send-webhook')).output).toContain('bun run up');
  });
});
