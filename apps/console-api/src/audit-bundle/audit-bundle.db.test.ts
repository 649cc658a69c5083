import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { explainDecision } from '@karmanflow/policy';
import {
  type BundleVerification,
  formatKeySet,
  formatVerifierKey,
  parseCheckpoint,
  parseNote,
  type RememberedCheckpoint,
  splitLines,
  tenantLogPlace,
  verifyBundle,
} from '@karmanflow/receipts';
import { planBundle } from '@karmanflow/commands';
import { createMetrics, renderMetrics } from '@karmanflow/runtime';
import { type Database, openDatabase, toUuid } from '@karmanflow/schema';
import { auditBundleBounds } from './audit-bundle-bounds.ts';
import { createAuditBundles } from './audit-bundles.ts';
import { startTestApi, type TestApi } from '../testing/start-test-api.ts';

setDefaultTimeout(90_000);

let api: TestApi;
let admin: Awaited<ReturnType<TestApi['world']['testDatabase']['admin']>>;
beforeAll(async () => {
  api = await startTestApi();
  admin = await api.world.testDatabase.admin();
});
afterAll(() => api.stop());

const logKeys = (): string[] => {
  const place = tenantLogPlace({ host: api.testLog.host, tenantId: api.tenant.tenantId });
  return [formatVerifierKey(api.testLog.keyOf(place))];
};
const receiptKeys = () =>
  formatKeySet([{ publicJwk: api.world.signer.publicJwk, notBefore: '2020-01-01T00:00:00.000Z', notAfter: null }]);

async function ask(query = '', key = 'operator'): Promise<Response> {
  const headers = { authorization: `Bearer ${api.tenant.keys[key]}` };
  return fetch(`${api.url}/v1/audit/bundle${query}`, { headers });
}

async function verified(
  response: Response,
  remembered: RememberedCheckpoint | null = null,
): Promise<BundleVerification> {
  expect(response.status).toBe(200);
  if (!response.body) throw new Error('no body');
  return verifyBundle({
    lines: splitLines(response.body),
    trust: { receiptKeys: receiptKeys(), logKeys: logKeys() },
    remembered,
    explainPolicy(recorded) {
      const { agrees, says, doubts } = explainDecision(recorded);
      return { agrees, detail: says, doubts };
    },
  });
}

async function register(count: number): Promise<void> {
  const one = async (): Promise<void> => {
    const sku = Bun.randomUUIDv7().slice(-12).toUpperCase();
    await api.as('operator').succeed('inventory.register_variant', { sku, name: 'Mug' });
  };
  await Promise.all(Array.from({ length: count }, one));
}

const leafCount = async (): Promise<number> => {
  const { rows } = await admin.query('select count(*) as n from kf.log_leaves where tenant_id = $1', [
    toUuid(api.tenant.tenantId),
  ]);
  return Number(rows[0].n);
};

describe('a bundle', () => {
  test('is not there before anything was published', async () => {
    const response = await ask();
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code: 'proof_pending' });
  });

  test('of the whole log verifies offline, with everything that the environment did', async () => {
    await register(7);
    await api.testLog.publish();
    await register(300);
    await api.testLog.publish();
    const response = await ask();
    expect(response.headers.get('content-type')).toBe('application/jsonl');
    const { findings, summary, checkpoint, header } = await verified(response);
    expect(findings).toEqual([]);
    expect(summary.receipts).toBe(307);
    expect(summary.events).toBe(307);
    expect(summary.policies).toBe(307);
    expect(summary.checkpoints).toBe(2);
    // The tenant's own beginning stands in its control environment, of which there is the hash alone.
    expect(summary.leaves).toBeGreaterThan(0);
    expect(summary.receipts + summary.leaves).toBe(await leafCount());
    expect(Number(checkpoint?.checkpoint.size)).toBe(await leafCount());
    expect(header?.tenantId).toBe(api.tenant.tenantId);
  });

  test('of a range has the receipts of the range alone, and reaches to a checkpoint', async () => {
    const all = await leafCount();
    const [first, second] = await Promise.all([
      verified(await ask('?toLeaf=150')),
      verified(await ask('?fromLeaf=150')),
    ]);
    expect([...first.findings, ...second.findings]).toEqual([]);
    expect(first.summary.receipts + second.summary.receipts).toBe(307);
    expect(Number(first.checkpoint?.checkpoint.size)).toBe(all);
    expect(second.header).toMatchObject({ firstLeaf: 150, fromLeaf: 150, toLeaf: all });
    const nothing = await verified(await ask(`?fromLeaf=${all}`));
    expect(nothing).toMatchObject({ ok: true, summary: { receipts: 0, leaves: 0, checkpoints: 1 } });
    expect((await ask(`?fromLeaf=${all + 1}`)).status).toBe(400);
  });

  test('of a time has what was published in it', async () => {
    const { rows } = await admin.query(
      'select published_at as at from kf.log_checkpoints where tenant_id = $1 order by tree_size',
      [toUuid(api.tenant.tenantId)],
    );
    const second = new Date(rows[1].at).toISOString();
    const before = await verified(await ask(`?publishedBefore=${second}`));
    expect(before.findings).toEqual([]);
    expect(before.summary.receipts).toBe(7);
    const from = await verified(await ask(`?publishedFrom=${second}`));
    expect(from.findings).toEqual([]);
    expect(from.summary.receipts).toBe(300);
  });

  test('shows how the log extends a checkpoint that is remembered', async () => {
    const { rows } = await admin.query(
      'select note from kf.log_checkpoints where tenant_id = $1 order by tree_size limit 1',
      [toUuid(api.tenant.tenantId)],
    );
    const note: string = rows[0].note;
    const checkpoint = parseCheckpoint(parseNote(note)?.text ?? '');
    if (!checkpoint) throw new Error('no checkpoint');
    const remembered = { note, checkpoint, logKeys: logKeys(), receiptKeys: receiptKeys() };
    const shown = await verified(await ask(`?fromLeaf=200&rememberedSize=${checkpoint.size}`), remembered);
    expect(shown).toMatchObject({ ok: true, extendsRemembered: true, header: { firstLeaf: 200 } });
    expect(shown.summary.receipts + shown.summary.leaves).toBe((await leafCount()) - 200);
    const silent = await verified(await ask('?fromLeaf=200'), remembered);
    expect(silent.findings.map(({ code }) => code)).toEqual(['remembered_unreachable']);
  });

  test('of the tenant as a whole is of its control environment', async () => {
    const { findings, summary } = await verified(await ask('?level=tenant'));
    expect(findings).toEqual([]);
    expect(summary.receipts).toBeGreaterThan(0);
    expect(summary.leaves).toBe(307);
  });

  test('is for who may read receipts, who asks for a range that can be meant', async () => {
    expect((await fetch(`${api.url}/v1/audit/bundle`)).status).toBe(401);
    for (const query of ['?fromLeaf=-1', '?toLeaf=x', '?fromLeaf=1&publishedFrom=2026-01-01T00:00:00.000Z', '?all=1']) {
      const refused = await ask(query);
      expect({ query, status: refused.status }).toEqual({ query, status: 400 });
      expect(await refused.json()).toMatchObject({ code: 'input_invalid' });
    }
    const head = await fetch(`${api.url}/v1/audit/bundle`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${api.tenant.keys['operator']}` },
    });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });
});

describe('bundles that are on their way', () => {
  let readDatabase: Database;
  beforeAll(() => {
    readDatabase = openDatabase({ url: api.world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test-bundles' });
  });
  afterAll(() => readDatabase.close());

  async function opened(more: { readonly bundlesAtOnce?: number; readonly isAllowed?: () => Promise<boolean> } = {}) {
    let reads = 0;
    let now = 0;
    const errors: unknown[] = [];
    const metrics = createMetrics({ app: 'test' });
    const bundles = createAuditBundles({
      database: {
        ...readDatabase,
        read(place, work) {
          reads += 1;
          return readDatabase.read(place, work);
        },
      },
      keySet: receiptKeys(),
      signer: api.world.signer,
      logKeys: logKeys(),
      metrics,
      bounds: { ...auditBundleBounds, bundlesAtOnce: more.bundlesAtOnce ?? 3 },
      monotonicNow: () => now,
      now: () => Date.now(),
      onError: (error) => errors.push(error),
    });
    const request = {
      tenantId: api.tenant.tenantId,
      environmentIds: [api.tenant.environments.sandbox],
      fromLeaf: 0,
      toLeaf: null,
      rememberedSize: null,
      hasEvents: true,
    };
    const planned = await planBundle(readDatabase, request);
    if (!planned.ok) throw new Error(planned.code);
    const isAllowed = more.isAllowed ?? (() => Promise.resolve(true));
    return {
      bundles,
      errors,
      reads: () => reads,
      pass: (milliseconds: number) => void (now += milliseconds),
      count: async (outcome: string) =>
        new RegExp(`^kf_audit_bundles_total\\{.*outcome="${outcome}".*\\} 1$`, 'm').test(
          (await renderMetrics(metrics, null)).body,
        ),
      open: () => bundles.open({ request, plan: planned.plan, isAllowed }),
    };
  }

  test('read nothing ahead of their reader, and give way when it leaves', async () => {
    const { open, reads, count } = await opened({ bundlesAtOnce: 1 });
    const body = open();
    // A second one is one too many, until the first has ended.
    expect([body === null, open()]).toEqual([false, null]);
    const reader = body?.getReader();
    expect(reads()).toBe(0);
    await reader?.read();
    expect(reads()).toBe(0);
    await reader?.read();
    const afterOne = reads();
    expect(afterOne).toBeGreaterThan(0);
    await Bun.sleep(0);
    expect(reads()).toBe(afterOne);
    await reader?.cancel();
    expect(await count('left')).toBe(true);
    expect(await count('refused')).toBe(true);
    expect(open()).not.toBeNull();
  });

  test('end early, and visibly so, for who takes too long or may not read any more', async () => {
    const slow = await opened();
    const body = slow.open()?.getReader();
    await body?.read();
    slow.pass(auditBundleBounds.bundleMilliseconds + 1);
    await expect(body?.read()).rejects.toThrow('took too long');
    expect(await slow.count('cut_off')).toBe(true);
    expect(slow.errors).toHaveLength(1);
    let isAllowed = true;
    const revoked = await opened({ isAllowed: async () => isAllowed });
    const other = revoked.open()?.getReader();
    await other?.read();
    isAllowed = false;
    await expect(other?.read()).rejects.toThrow('may not read');
    const draining = await opened();
    const last = draining.open()?.getReader();
    draining.bundles.close();
    await expect(last?.read()).rejects.toThrow('shutting down');
    expect(draining.open()).toBeNull();
  });
});
