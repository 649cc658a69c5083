import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runtimeRoles } from '@karmanflow/schema';
import { createTestDatabase, type TestDatabase, withClient } from '@karmanflow/schema/testing';
import { audit, type RoleUrls } from './audit.ts';
import { isClean } from './harness/run-checks.ts';
import { serveApi } from './testing/serve-api.ts';

const traces = { seed: 7, runs: 2 };
const timeoutMilliseconds = 60_000;

let database: TestDatabase;
let roleUrls: RoleUrls;
beforeAll(async () => {
  database = await createTestDatabase();
  roleUrls = Object.fromEntries(runtimeRoles.map((role) => [role, database.urlFor(role)]));
});
afterAll(() => database.drop());

describe('audit', () => {
  test(
    'tries behaviour beside the audited database and writes nothing into it',
    async () => {
      const results = await audit({ ...traces, adminUrl: database.adminUrl, roleUrls, only: 'append-only.' });
      expect(results.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual([
        'append-only.triggers-always-on holds',
        'append-only.function-refuses holds',
        'append-only.unchangeable holds',
      ]);
      expect(isClean(results)).toBe(true);
      await withClient(database.adminUrl, async (admin) => {
        const { rows } = await admin.query<{ receipts: string }>(
          'select count(*) as receipts from kf.command_receipts',
        );
        expect(rows).toEqual([{ receipts: '0' }]);
      });
    },
    timeoutMilliseconds,
  );

  test(
    'without an administrator it reads what a runtime role may read, and says what it could not try',
    async () => {
      const results = await audit({ ...traces, adminUrl: null, roleUrls });
      const of = (verdict: string): string[] =>
        results.filter((result) => result.verdict === verdict).map(({ id }) => id);
      expect([...of('violated'), ...of('error')]).toEqual([]);
      expect(of('holds').length).toBeGreaterThan(20);
      expect(of('holds')).toContain('tenancy.schema-committed');
      expect(of('not_applicable')).toContain('tenancy.reads-confined');
      expect(of('not_applicable')).toContain('tenancy.policies-exact');
    },
    timeoutMilliseconds,
  );
});

describe('what is not given', () => {
  test('is not applicable, and says so', async () => {
    const results = await audit({ ...traces, adminUrl: null, roleUrls: {} });
    // What this build declares is always there to be read.
    const others = results.filter(({ subject }) => subject !== 'declarations');
    expect(new Set(others.map(({ verdict }) => verdict))).toEqual(new Set(['not_applicable']));
    expect(results.length - others.length).toBeGreaterThan(0);
    const reasons = results.map(({ id, evidence }) => `${id}: ${evidence.join()}`);
    expect(reasons).toContain('surface.unknown-fields: no API was given to ask: --url and --key');
    expect(reasons.find((reason) => reason.startsWith('risk-and-approval.votes: '))).toContain('--throwaway');
    expect(reasons).toContain('tier-boundaries.peers-apart: no repository was given to read');
    expect(reasons).toContain('tenancy.tables-declared: no database was given: --database or --roles');
  });
});

describe('the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'karmanflow-conformance-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function run(...options: string[]): Promise<{ code: number; text: string }> {
    const child = Bun.spawn([process.execPath, join(import.meta.dir, 'main.ts'), ...options], {
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const text = await new Response(child.stdout).text();
    return { code: await child.exited, text };
  }

  test(
    'prints a table, writes the evidence, and fails when a claim is violated',
    async () => {
      const roles = join(folder, 'roles.json');
      const evidence = join(folder, 'evidence.json');
      writeFileSync(roles, JSON.stringify(roleUrls));
      const options = [
        '--database',
        database.adminUrl,
        '--roles',
        roles,
        '--only',
        'tenancy.row-security',
        '--json',
        evidence,
      ];
      const clean = await run(...options);
      expect(clean.text).toContain('1 hold, 0 violated');
      expect(clean.code).toBe(0);

      await withClient(database.adminUrl, (admin) =>
        admin.query('ALTER TABLE kf.variants NO FORCE ROW LEVEL SECURITY'),
      );
      const broken = await run(...options);
      expect(broken.text).toContain('variants: row security is not forced');
      expect(broken.code).toBe(1);
      const written = JSON.parse(readFileSync(evidence, 'utf8')) as { results: unknown[] };
      expect(written.results).toEqual([
        expect.objectContaining({ id: 'tenancy.row-security-forced', verdict: 'violated' }),
      ]);
    },
    timeoutMilliseconds,
  );

  test(
    'asks an API when it is told of one',
    async () => {
      const api = await serveApi();
      try {
        const { url, apiKey } = api.surface();
        const asked = await run('--url', url, '--key', apiKey, '--only', 'surface.no-credential');
        expect(asked.text).toContain('1 hold, 0 violated, 0 undecided, 0 not applicable');
        expect(asked.code).toBe(0);
      } finally {
        await api.stop();
      }
    },
    timeoutMilliseconds,
  );

  test('says how it is used when it is told half of what it needs', async () => {
    const { code, text } = await run('--url', 'http://127.0.0.1:1');
    expect(text).toContain('--database');
    expect(code).toBe(2);
  });

  test('says how it is used when it is told nothing', async () => {
    const { code, text } = await run();
    expect(text).toContain('--database');
    expect(code).toBe(2);
  });
});
