import { describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { runCommand } from './shell-text.ts';
import { type SummaryContent, summaryText } from './summary.ts';
import { madeUpDemo } from './testing/made-up-demo.ts';

const root = resolve("a checkout's folder");
const demo = madeUpDemo();
const app = (name: 'console-api' | 'ingest' | 'worker' | 'receiver', port: number): SummaryContent['apps'][number] => ({
  app: name,
  url: `http://127.0.0.1:${port}`,
  processId: port * 2,
  logFile: resolve(root, '.karmanflow', 'logs', `${name}.log`),
});
const content: SummaryContent = {
  root,
  database: { address: '127.0.0.1:54321', processId: 7, logFile: resolve(root, '.karmanflow', 'postgres.log') },
  apps: [app('console-api', 4000), app('ingest', 4001), app('worker', 4002), app('receiver', 4004)],
  demo,
  accounts: { file: resolve(root, '.karmanflow', 'accounts.json'), subjects: ['ada', 'bob'] },
  run: runCommand({ bun: 'npx -y bun@1.2.3', root, variables: { KF_STATE_DIRECTORY: "some one's/.karmanflow" } }),
  idempotencyKey: 'key-1',
};
const shells = ['sh', 'bash', 'zsh'].filter((shell) => spawnSync(shell, ['-c', 'exit 0']).status === 0);

/** What curl and npx would be called with if the block of the summary that begins with `start` were pasted. */
function pasted(shell: string, start: string, contains = ''): string[] {
  const block = summaryText(content)
    .split('\n\n')
    .find((text) => text.startsWith(start) && text.includes(contains));
  if (block === undefined) throw new Error(`the summary has no block ${start}`);
  const show = `() { printf '%s\\n' "$@" \${KF_STATE_DIRECTORY+"$KF_STATE_DIRECTORY"}; }; `;
  const run = spawnSync(shell, ['-c', `curl${show}npx${show}sh() { cat; }; ${block}`], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  return run.stdout.trimEnd().split('\n');
}

describe('the summary', () => {
  test('says where everything is, with process and log', () => {
    const lines = summaryText(content).split('\n');
    expect(lines[0]).toBe(
      '  console-api  http://127.0.0.1:4000  process 8000     log .karmanflow/logs/console-api.log',
    );
    expect(lines[4]).toBe('  Postgres     127.0.0.1:54321        process 7        log .karmanflow/postgres.log');
    for (const path of ['/docs', '/openapi.json', '/.well-known/karmanflow/receipt-keys.json']) {
      expect(summaryText(content)).toContain(`http://127.0.0.1:4000${path}\n`);
    }
    expect(summaryText(content)).toContain(
      'People log in at http://127.0.0.1:4000/login: ada, bob. Their passwords are in .karmanflow/accounts.json.',
    );
    expect(summaryText(content)).toMatch(/ npx -y bun@1\.2\.3 run --cwd '.+' down\n/);
  });

  test.each(shells)('its commands can be pasted into %s', (shell) => {
    const { variants, locations, channels } = demo.catalogue.sandbox;
    expect(pasted(shell, "curl -sS -w '\\n' http://127.0.0.1:4000/v1/reservation")).toEqual([
      ...'-sS -w \\n http://127.0.0.1:4000/v1/reservation/create'.split(' '),
      ...['authorization: Bearer kf_sandbox', 'content-type: application/json', 'idempotency-key: key-1'].flatMap(
        (header) => ['-H', header],
      ),
      '--data-raw',
      JSON.stringify({
        salesChannelId: channels['web-shop'],
        lines: [{ variantId: variants['MUG-BLUE'], locationId: locations['BER-1'], quantity: 2 }],
      }),
    ]);
    const words = ['-y', 'bun@1.2.3', 'run', '--cwd', root, '--silent', 'webhook', '--print'];
    expect(pasted(shell, 'KF_STATE', 'webhook')).toEqual([...words, "some one's/.karmanflow"]);
    const login = ['-y', 'bun@1.2.3', 'run', '--cwd', root, 'login', 'ada'];
    expect(pasted(shell, 'KF_STATE', 'login')).toEqual([...login, "some one's/.karmanflow"]);
    expect(pasted(shell, 'curl -sS http://127.0.0.1:4004')).toEqual(['-sS', 'http://127.0.0.1:4004/']);
    expect(pasted(shell, "curl -sS -w '\\n' 'http://127.0.0.1:4000/v1/events")).toContain(
      'http://127.0.0.1:4000/v1/events?limit=5',
    );
  });

  test('leaves out what does not run', () => {
    const text = summaryText({ ...content, apps: [app('worker', 4002)] });
    expect(text).not.toContain('curl');
    expect(text).not.toContain('webhook');
    expect(text).toContain('http://127.0.0.1:4002');
  });
});
