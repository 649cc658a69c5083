import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createTestWorld, type TestWorld } from '@karmanflow/commands/testing';
import { createNoteSigner, formatVerifierKey } from '@karmanflow/receipts';
import { createFileSecretStore, formatReceiptKeyring } from '@karmanflow/runtime';
import { waitUntil } from '@karmanflow/runtime/testing';
import { startTestWitness } from './testing/witness-server.ts';

setDefaultTimeout(90_000);

/** The worker's own process, with the variables of the sequencer. */
let world: TestWorld;
let directory: string;
const logSeed = randomBytes(32);
beforeAll(async () => {
  world = await createTestWorld();
  directory = await mkdtemp(join(tmpdir(), 'kf-sequencer-main-'));
  const store = createFileSecretStore({ directory: join(directory, 'secrets') });
  for (const role of ['kf_worker', 'kf_sequencer'] as const) {
    await store.write(`secrets://database-url-${role}`, Buffer.from(world.testDatabase.urlFor(role)));
  }
  const keyring = formatReceiptKeyring({ seed: randomBytes(32), notBefore: '2026-01-01T00:00:00.000Z' });
  await store.write('secrets://receipt-keyring', Buffer.from(keyring));
  await store.write('secrets://log-signing-key', Buffer.from(`${logSeed.toString('base64')}\n`));
  await store.write('secrets://no-key', Buffer.from('short'));
});
const children: Bun.Subprocess[] = [];
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await world.close();
  await rm(directory, { recursive: true });
});

const log = {
  KF_LOG_HOST: 'log.example',
  KF_LOG_SIGNING_KEY_REF: 'secrets://log-signing-key',
};

function start(variables: Record<string, string>): Bun.Subprocess<'ignore', 'pipe', 'inherit'> {
  const child = Bun.spawn([process.execPath, resolve(import.meta.dir, '../main.ts')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      KF_PROFILE: 'local',
      KF_PORT: '0',
      KF_METRICS_PORT: '0',
      KF_SECRETS: `file:${join(directory, 'secrets')}`,
      KF_DATABASE_URL_REF: 'secrets://database-url-kf_worker',
      KF_SEQUENCER_DATABASE_URL_REF: 'secrets://database-url-kf_sequencer',
      KF_RECEIPT_KEYRING_REF: 'secrets://receipt-keyring',
      KF_LOG_LEVEL: 'warn',
      ...variables,
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  children.push(child);
  return child;
}

describe('the worker', () => {
  test('publishes the logs of its tenants, and gives the lead back when it ends', async () => {
    const tenant = await world.createTenant('Acme');
    const archive = join(directory, 'archive');
    const { key } = createNoteSigner({ name: 'log.example/log', seed: logSeed });
    await using witness = startTestWitness({ name: 'witness.example/a', logKey: key });
    const { party } = witness;
    const policy = join(directory, 'policy');
    await writeFile(policy, `witness a ${formatVerifierKey(party.key)} ${party.url}\nquorum a\n`);
    const child = start({
      KF_LOG_WITNESS_POLICY: policy,
      KF_LOG_WITHOUT_QUORUM: 'wait',
      ...log,
      KF_LOG_ARCHIVE: `file:${archive}`,
      KF_LOG_SIGNER_DIRECTORY: join(directory, 'signer'),
    });
    const admin = await world.testDatabase.admin();
    const checkpoints = async (): Promise<number> =>
      Number(
        (
          await admin.query('select count(*) as n from kf.log_checkpoints where tenant_id = $1', [
            tenant.tenantId.slice(4),
          ])
        ).rows[0].n,
      );
    await waitUntil({
      what: 'a checkpoint',
      condition: async () => (await checkpoints()) > 0,
      deadlineMilliseconds: 60_000,
    });
    expect((await readdir(archive)).toSorted()).toContain('super');
    const cosigned = await admin.query(
      "select count(*) as n from kf.log_checkpoints where note like '%witness.example/a%'",
    );
    expect(Number(cosigned.rows[0].n)).toBeGreaterThan(0);
    child.kill('SIGTERM');
    expect(await child.exited).toBe(0);
    expect(await new Response(child.stdout).text()).not.toContain('"level":"error"');
    // The server ends the session a moment after the process has.
    await waitUntil({
      what: 'the lead to be free',
      condition: async () => (await admin.query('select pg_try_advisory_lock(4711010) as free')).rows[0].free,
    });
    await admin.query('select pg_advisory_unlock_all()');
  });

  test.each([
    ['half of the log', { ...log }],
    [
      'a key that is none',
      {
        ...log,
        KF_LOG_SIGNING_KEY_REF: 'secrets://no-key',
        KF_LOG_ARCHIVE: 'file:/nowhere',
        KF_LOG_SIGNER_DIRECTORY: '/nowhere',
      },
    ],
    ['a host that is none', { KF_LOG_HOST: 'https://log.example' }],
    ['an archive that is no folder', { KF_LOG_ARCHIVE: 's3://bucket' }],
    ['a policy that is no file', { KF_LOG_WITNESS_POLICY: '/nowhere' }],
    ['the role of somebody else', { KF_SEQUENCER_DATABASE_URL_REF: 'secrets://database-url-kf_worker' }],
  ])('does not start with %s', async (_what, variables) => {
    const child = start(variables);
    expect(await child.exited).not.toBe(0);
    expect(await new Response(child.stdout).text()).not.toContain('short');
  });
});
