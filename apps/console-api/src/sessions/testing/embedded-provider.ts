import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createFileSecretStore } from '@karmanflow/runtime';
import { waitUntil } from '@karmanflow/runtime/testing';

/** The identity provider of the local environment, as a process of its own. */
export interface EmbeddedProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** By subject. */
  readonly passwords: Readonly<Record<string, string>>;
  /** It runs from here on; the browser comes back to `redirectUri`. */
  start(redirectUri: string, change?: Readonly<Record<string, string>>): Promise<void>;
  stop(): Promise<void>;
  /** Everything that it wrote, and its exit code, of a start that is expected to fail. */
  fail(change: Readonly<Record<string, string>>): Promise<{ readonly code: number; readonly output: string }>;
  remove(): Promise<void>;
}

const entry = resolve(import.meta.dir, '../../../../../tools/src/identity/main.ts');
const clientSecretName = 'oidc-client-secret';

/** Chooses an address and passwords for these people; nothing runs yet. */
export async function createEmbeddedProvider(subjects: readonly string[]): Promise<EmbeddedProvider> {
  const directory = await mkdtemp(join(tmpdir(), 'kf-identity-'));
  const port = await freePort();
  const metricsPort = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const clientSecret = randomBytes(24).toString('base64url');
  const passwords = Object.fromEntries(subjects.map((subject) => [subject, randomBytes(12).toString('base64url')]));
  const accounts = subjects.map((subject) => ({ subject, displayName: subject, password: passwords[subject] ?? '' }));
  const accountsFile = join(directory, 'accounts.json');
  await writeFile(accountsFile, JSON.stringify({ issuer, accounts }), { mode: 0o600 });
  const secrets = join(directory, 'secrets');
  await createFileSecretStore({ directory: secrets }).write(`secrets://${clientSecretName}`, Buffer.from(clientSecret));
  const environmentFor = (redirectUri: string): Record<string, string> => ({
    PATH: process.env['PATH'] ?? '',
    KF_PROFILE: 'local',
    KF_PORT: String(port),
    KF_METRICS_PORT: String(metricsPort),
    KF_PUBLIC_URL: issuer,
    KF_SECRETS: `file:${secrets}`,
    KF_IDENTITY_ACCOUNTS_FILE: accountsFile,
    KF_IDENTITY_REDIRECT_URI: redirectUri,
    KF_OIDC_CLIENT_ID: 'console',
    KF_OIDC_CLIENT_SECRET_REF: `secrets://${clientSecretName}`,
  });
  const launch = (environment: Record<string, string>) =>
    Bun.spawn([process.execPath, entry], { env: environment, stdout: 'pipe', stderr: 'pipe' });
  let running: ReturnType<typeof launch> | null = null;

  const answers = async (): Promise<boolean> => {
    if (running?.exitCode !== null) throw new Error(`it ended: ${await new Response(running?.stdout).text()}`);
    const response = await fetch(`${issuer}/readyz`).catch(() => null);
    return response?.ok === true;
  };
  const stop = async (): Promise<void> => {
    running?.kill('SIGTERM');
    await running?.exited;
    running = null;
  };
  return {
    issuer,
    clientId: 'console',
    clientSecret,
    passwords,
    async start(redirectUri, change = {}) {
      running = launch({ ...environmentFor(redirectUri), ...change });
      await waitUntil({ what: 'the provider to answer', condition: answers, deadlineMilliseconds: 20_000 });
    },
    stop,
    async fail(change) {
      const child = launch({ ...environmentFor('http://127.0.0.1:1/login/callback'), ...change });
      const [output, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
      return { code: await child.exited, output: output + errors };
    },
    async remove() {
      await stop();
      await rm(directory, { recursive: true });
    },
  };
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((settle, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => settle(port));
    });
  });
}
