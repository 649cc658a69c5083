import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { TestTenant } from '@karmanflow/commands/testing';
import {
  checkpointPath,
  formatVerifierKey,
  parseNote,
  parseTlogPolicy,
  parseVerifierKey,
  proveFromArchive,
  superLogPlace,
  type TlogPolicy,
  verifyWitnessedCheckpoint,
} from '@karmanflow/receipts';
import { createLogger, createMetrics, type Logger, type Metrics, renderMetrics } from '@karmanflow/runtime';
import { captureLog } from '@karmanflow/runtime/testing';
import { toUuid } from '@karmanflow/schema';
import type { Witnessing } from './publish-decision.ts';
import { createSequencerMetrics } from './sequencer-metrics.ts';
import { tellOfWitnesses } from './tell-of-witnesses.ts';
import { createSequencerWorld, host, type SequencerWorld } from './testing/sequencer-world.ts';
import { startTestWitness, type TestWitness } from './testing/witness-server.ts';
import type { QuorumMode } from './witness-settings.ts';
import { createWitnesses } from './witnesses.ts';

setDefaultTimeout(120_000);

const place = superLogPlace({ host });
let sequencer: SequencerWorld;
let tenant: TestTenant;
let witnesses: readonly TestWitness[];
let policy: TlogPolicy;
beforeAll(async () => {
  sequencer = await createSequencerWorld();
  tenant = await sequencer.world.createTenant('Acme');
  const logKey = parseVerifierKey(sequencer.signer.verifierKey(place.origin));
  if (logKey === undefined) throw new Error('the log has no key');
  witnesses = ['a', 'b'].map((name) => startTestWitness({ name: `witness.example/${name}`, logKey }));
  const lines = witnesses.map(({ party }, at) => `witness w${at} ${formatVerifierKey(party.key)}\n`).join('');
  const read = parseTlogPolicy(`log ${formatVerifierKey(logKey)}\n${lines}group g all w0 w1\nquorum g\n`);
  if (!read.ok) throw new Error(read.detail);
  policy = read.policy;
});
afterEach(() => {
  for (const witness of witnesses) witness.failNext();
});
afterAll(async () => {
  for (const witness of witnesses) await witness.stop();
  await sequencer.close();
});

function witnessing(withoutQuorum: QuorumMode) {
  const log = captureLog();
  const logger: Logger = createLogger({ app: 'worker', level: 'info', destination: log.destination });
  const metrics = createMetrics({ app: 'worker' });
  const counted = createSequencerMetrics(
    metrics,
    witnesses.map(({ party }) => party.key.name),
  );
  const settings: Witnessing = {
    witnesses: createWitnesses({
      witnesses: witnesses.map(({ party }) => party),
      quorum: policy.quorum,
      archive: sequencer.archive,
      monotonicNow: () => performance.now(),
      deadlineMilliseconds: 60_000,
    }),
    withoutQuorum,
    tell: tellOfWitnesses({ logger, metrics: counted }),
  };
  return { witnessing: settings, log, metrics };
}

const textOf = async (metrics: Metrics): Promise<string> => (await renderMetrics(metrics, null)).body;

async function grow(count: number): Promise<void> {
  await sequencer.issue(tenant, count);
  await sequencer.sequence();
}

async function latestNote(tenantUuid: string): Promise<string> {
  const { rows } = await sequencer.admin.query(
    'select note from kf.log_checkpoints where tenant_id = $1 order by tree_size desc limit 1',
    [tenantUuid],
  );
  return rows[0]?.note ?? '';
}
const wholeNote = (): Promise<string> => latestNote('00000000-0000-0000-0000-000000000000');

describe('the log of logs', () => {
  test('is published with its cosignatures, under which each receipt of a tenant is proven', async () => {
    const { witnessing: asked, metrics } = witnessing('wait');
    for (const count of [5, 1, 300]) {
      await grow(count);
      expect(await sequencer.publish({ witnessing: asked })).toMatchObject({ ok: true });
    }
    const whole = await wholeNote();
    expect(parseNote(whole)?.signatures).toHaveLength(3);
    const size = BigInt(parseNote(whole)?.text.split('\n')[1] ?? 0);
    expect(Buffer.from((await sequencer.archive.read(checkpointPath(place, size))) ?? []).toString()).toBe(whole);
    // The receipt leads to the tenant's checkpoint, and that one to what the witnesses saw.
    expect(await sequencer.proveAll(tenant)).toBeGreaterThan(300);
    const { rows } = await sequencer.admin.query(
      'select super_index as index from kf.log_roots where tenant_id = $1 order by tree_size desc limit 1',
      [toUuid(tenant.tenantId)],
    );
    const leaf = { place, leafIndex: BigInt(rows[0].index), note: whole };
    const proven = await proveFromArchive(sequencer.archive, leaf);
    if (!proven.ok) throw new Error(proven.detail);
    const note = await latestNote(toUuid(tenant.tenantId));
    expect(verifyWitnessedCheckpoint({ note, proof: proven.proof, policy })).toMatchObject({
      ok: true,
      witnesses: [{ name: 'witness.example/a' }, { name: 'witness.example/b' }],
    });
    expect(await textOf(metrics)).toContain('kf_log_quorums_missed_in_a_row{app="worker"} 0');
  });

  test('waits for a quorum where it is to, and then the very same is published', async () => {
    const { witnessing: asked, log, metrics } = witnessing('wait');
    const before = await wholeNote();
    await grow(2);
    witnesses[1]?.failNext('error');
    expect(await sequencer.publish({ witnessing: asked })).toMatchObject({ ok: false, code: 'witnesses_missing' });
    expect(await wholeNote()).toBe(before);
    expect(log.text()).toContain('a witness does not cosign');
    expect(await textOf(metrics)).toContain('kf_log_quorums_missed_in_a_row{app="worker"} 1');
    // What has come since is published after it, by a leader who knows of nothing but the decision.
    await grow(1);
    const { witnessing: later } = witnessing('wait');
    expect(await sequencer.publish({ witnessing: later })).toMatchObject({ ok: true, leaves: 2 });
    expect(await sequencer.publish({ witnessing: later })).toMatchObject({ ok: true, leaves: 1 });
    expect(parseNote(await wholeNote())?.signatures).toHaveLength(3);
    await sequencer.proveAll(tenant);
  });

  test('is published without a quorum where it is to, with those cosignatures that there are', async () => {
    const { witnessing: asked, metrics } = witnessing('publish');
    await grow(2);
    // The first answer says which size it has, the second one is a cosignature.
    witnesses[0]?.failNext('wrong_key', 'wrong_key');
    expect(await sequencer.publish({ witnessing: asked })).toMatchObject({ ok: true });
    expect(parseNote(await wholeNote())?.signatures.map(({ name }) => name)).toEqual([
      place.origin,
      'witness.example/b',
    ]);
    expect(await textOf(metrics)).toContain('kf_log_quorums_total{outcome="missed",app="worker"} 1');
    await sequencer.proveAll(tenant);
  });

  test('that is behind what a witness has seen is said aloud', async () => {
    const { witnessing: asked, log, metrics } = witnessing('wait');
    await grow(1);
    const seen = witnesses[0]?.witnessed.get(place.origin);
    if (seen === undefined) throw new Error('the witness has seen nothing');
    witnesses[0]?.witnessed.set(place.origin, { ...seen, size: seen.size + 100n });
    expect(await sequencer.publish({ witnessing: asked })).toMatchObject({ ok: false, code: 'witnesses_missing' });
    expect(log.text()).toContain('a witness has seen another history');
    expect(await textOf(metrics)).toMatch(
      /kf_log_witness_answers_total\{witness="witness.example\/a",outcome="ahead".*\} 1/,
    );
  });
});
