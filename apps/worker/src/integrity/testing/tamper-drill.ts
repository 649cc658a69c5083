import { explainDecision } from '@karmanflow/policy';
import { exportBundle, planBundle } from '@karmanflow/commands';
import type { TestTenant } from '@karmanflow/commands/testing';
import {
  type BundleVerification,
  type Checkpoint,
  formatKeySet,
  parseCheckpoint,
  parseNote,
  type RememberedCheckpoint,
  splitLines,
  tenantLogPlace,
  verifyBundle,
} from '@karmanflow/receipts';
import { controlEnvironmentOf, type Database, openDatabase, toUuid } from '@karmanflow/schema';
import { createSequencerWorld, host, type SequencerWorld } from '../../sequencer/testing/sequencer-world.ts';
import { checkIntegrity, type IntegrityPorts } from '../check-integrity.ts';
import type { IntegrityReport } from '../integrity-finding.ts';
import { readSignerMemory } from '../open-integrity.ts';
import { restoreTables, saveTables, unguarded } from './saved-tables.ts';
import { type Tampering, tamperings } from './tamperings.ts';

/** What the two who look saw of one tampering: the offline verifier with what it remembers, and the monitor. */
export interface DrillResult {
  readonly name: string;
  /** What was tampered with, as the findings have to name it. */
  readonly subject: string;
  /** Each as `code subject: detail`. */
  readonly verifier: readonly string[];
  readonly monitor: readonly string[];
}

/** The place of the drill: a tenant with a history that is published, read and remembered from outside. */
export interface DrillWorld {
  readonly sequencer: SequencerWorld;
  readonly tenant: TestTenant;
  /** Verifies an export of everything, under the published keys and the checkpoint that is remembered. */
  verify(): Promise<BundleVerification>;
  monitor(): Promise<IntegrityReport>;
  /** What the monitor looks at. */
  readonly ports: Omit<IntegrityPorts, 'sequencerDatabase'>;
  close(): Promise<void>;
}

const commands = 12;

/** A history of some commands, two publications, and a backup of the state between them. */
export async function createDrillWorld(): Promise<DrillWorld> {
  const sequencer = await createSequencerWorld();
  const { admin, world } = sequencer;
  const tenant = await world.createTenant('Acme');
  const readDatabase = openDatabase({ url: world.testDatabase.urlFor('kf_read'), applicationName: 'kf-test-drill' });
  const publish = async (): Promise<void> => {
    await sequencer.sequence();
    await sequencer.publish();
  };
  const { variantId } = await tenant.succeed('inventory.register_variant', { sku: 'MUG', name: 'Mug' });
  const { locationId } = await tenant.succeed('inventory.register_location', { code: 'BER', name: 'Berlin' });
  await tenant.succeed('inventory.adjust', { variantId, locationId, delta: 10, reason: 'counted' });
  await sequencer.issue(tenant, commands);
  await publish();
  await saveTables(admin, 'backup');
  await sequencer.issue(tenant, commands);
  await publish();
  const remembered = await rememberedOf(sequencer, tenant);
  const place = tenantLogPlace({ host, tenantId: tenant.tenantId });
  const logKeys = [sequencer.signer.verifierKey(place.origin)];
  const keySet = keySetOf(sequencer);
  const ports: DrillWorld['ports'] = {
    database: readDatabase,
    archive: sequencer.archive,
    host,
    keySet,
    logKeyOf: (origin) => sequencer.signer.verifierKey(origin),
    readMemory: () => readSignerMemory(sequencer.directories.signer),
  };
  return {
    sequencer,
    tenant,
    verify: () => verifyAll(readDatabase, { sequencer, tenant, remembered, logKeys }),
    ports,
    monitor: () => checkIntegrity({ ...ports, sequencerDatabase: sequencer.database }),
    async close() {
      await readDatabase.close();
      await sequencer.close();
    },
  };
}

/** Each tampering on a state that is sound again, and what was seen of it. Those that extend the log come last. */
export async function runDrill(
  drill: DrillWorld,
  onResult: (result: DrillResult) => void = () => undefined,
): Promise<readonly DrillResult[]> {
  const { admin } = drill.sequencer;
  await saveTables(admin, 'sound');
  const results: DrillResult[] = [];
  for (const tampering of tamperings) {
    const result = await seen(drill, tampering);
    await restoreTables(admin, 'sound');
    results.push(result);
    onResult(result);
  }
  return results;
}

async function seen(drill: DrillWorld, { name, tamper }: Tampering): Promise<DrillResult> {
  const { sequencer } = drill;
  let subject = '';
  await unguarded(sequencer.admin, async () => {
    subject = await tamper(drill);
  });
  const verified = await drill.verify();
  const { findings } = await drill.monitor();
  return {
    name,
    subject,
    verifier: verified.findings.map(
      ({ code, receiptId, leafIndex, field, detail }) =>
        `${code} ${[receiptId, leafIndex === null ? null : `leaf ${leafIndex}`, field].filter(Boolean).join(' ')}: ${detail}`,
    ),
    monitor: findings.map((finding) => `${finding.code} ${finding.subject}: ${finding.detail}`),
  };
}

const keySetOf = ({ world }: SequencerWorld) =>
  formatKeySet([{ publicJwk: world.signer.publicJwk, notBefore: '2020-01-01T00:00:00.000Z', notAfter: null }]);

interface Looked {
  readonly sequencer: SequencerWorld;
  readonly tenant: TestTenant;
  readonly remembered: RememberedCheckpoint;
  readonly logKeys: readonly string[];
}

/** An auditor of the whole tenant: every environment, the published keys, and the checkpoint of the last visit. */
async function verifyAll(
  database: Database,
  { sequencer, tenant, remembered, logKeys }: Looked,
): Promise<BundleVerification> {
  const { tenantId, environments } = tenant;
  const request = {
    tenantId,
    environmentIds: [environments.sandbox, environments.production, controlEnvironmentOf(tenantId)],
    fromLeaf: 0,
    toLeaf: null,
    hasEvents: true,
    rememberedSize: Number(remembered.checkpoint.size),
  };
  const planned = await planBundle(database, request);
  if (!planned.ok) throw new Error(planned.code);
  const keySet = keySetOf(sequencer);
  const madeAt = new Date().toISOString();
  const ports = { database, keySet, signer: sequencer.world.signer, logKeys, madeAt };
  const encoder = new TextEncoder();
  async function* pieces(): AsyncGenerator<Uint8Array> {
    if (!planned.ok) return;
    for await (const page of exportBundle(ports, { request, plan: planned.plan })) yield encoder.encode(page);
  }
  return verifyBundle({
    lines: splitLines(pieces()),
    trust: { receiptKeys: keySet, logKeys },
    remembered,
    explainPolicy(recorded) {
      const { agrees, says, doubts } = explainDecision(recorded);
      return { agrees, detail: says, doubts };
    },
  });
}

async function rememberedOf(sequencer: SequencerWorld, tenant: TestTenant): Promise<RememberedCheckpoint> {
  const { rows } = await sequencer.admin.query<{ note: string }>(
    'SELECT note FROM kf.log_checkpoints WHERE tenant_id = $1 ORDER BY tree_size DESC LIMIT 1',
    [toUuid(tenant.tenantId)],
  );
  const note = rows[0]?.note ?? '';
  const checkpoint: Checkpoint | undefined = parseCheckpoint(parseNote(note)?.text ?? '');
  if (!checkpoint) throw new Error('nothing was published');
  const { origin } = checkpoint;
  return { note, checkpoint, logKeys: [sequencer.signer.verifierKey(origin)], receiptKeys: keySetOf(sequencer) };
}
