import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestTenant } from '@karmanflow/commands/testing';
import { toUuid } from '@karmanflow/schema';
import { openCheckpointSigner } from './checkpoint-signer.ts';
import { createSequencerWorld, logSeed, type SequencerWorld } from './testing/sequencer-world.ts';

setDefaultTimeout(90_000);

/** What an administrator of the database does, who takes the triggers away first: each test ends with a broken log. */
let sequencer: SequencerWorld;
let tenant: TestTenant;
beforeEach(async () => {
  sequencer = await createSequencerWorld();
  tenant = await sequencer.world.createTenant('Acme');
  await sequencer.issue(tenant, 10);
  await sequencer.sequence();
  await sequencer.publish();
});
afterEach(() => sequencer.close());

async function tamper(table: string, statement: string, values: unknown[] = []): Promise<void> {
  await sequencer.admin.query(`alter table kf.${table} disable trigger refuse_change`);
  const { rowCount } = await sequencer.admin.query(statement, values);
  expect(rowCount).toBeGreaterThan(0);
}
const uuid = (): string => toUuid(tenant.tenantId);
const published = async (): Promise<number> =>
  Number((await sequencer.admin.query('select count(*) as n from kf.log_checkpoints')).rows[0].n);

async function growAndPublish(): ReturnType<SequencerWorld['publish']> {
  await sequencer.issue(tenant, 2);
  await sequencer.sequence();
  return sequencer.publish();
}

describe('nothing is published any more once', () => {
  test('a receipt was edited before it was published', async () => {
    await sequencer.issue(tenant, 2);
    await sequencer.sequence();
    const before = await published();
    await tamper(
      'command_receipts',
      `update kf.command_receipts set body = body || '\\x20'::bytea where tenant_id = $1 and id in
        (select command_receipt_id from kf.log_leaves where tenant_id = $1 order by leaf_index desc limit 1)`,
      [uuid()],
    );
    await expect(sequencer.publish()).rejects.toMatchObject({ name: 'LogDamaged' });
    expect(await published()).toBe(before);
  });

  test('a published leaf was exchanged, and the tree over it built anew', async () => {
    const before = await published();
    // The forger recomputes what the database keeps of the tree: here simply as if the last root had never been.
    await tamper(
      'log_leaves',
      "update kf.log_leaves set leaf_hash = sha256('forged') where tenant_id = $1 and leaf_index = 0",
      [uuid()],
    );
    await tamper('log_roots', 'delete from kf.log_roots where tenant_id = $1', [uuid()]);
    await tamper('log_checkpoints', 'delete from kf.log_checkpoints where tenant_id = $1', [uuid()]);
    const end = await growAndPublish().catch((error: unknown) => error);
    expect(end).toMatchObject({ name: 'LogDamaged' });
    expect(await published()).toBeLessThan(before);
  });

  test('the leaves themselves were made to fit, in which case the signer is what refuses', async () => {
    // The archive is the forger's as well: only the signer's memory is not.
    await tamper(
      'command_receipts',
      `update kf.command_receipts set body = '\\x7b7d'::bytea where tenant_id = $1 and id in
        (select command_receipt_id from kf.log_leaves where tenant_id = $1 and leaf_index = 0)`,
      [uuid()],
    );
    await tamper(
      'log_leaves',
      "update kf.log_leaves set leaf_hash = sha256('\\x007b7d'::bytea) where tenant_id = $1 and leaf_index = 0",
      [uuid()],
    );
    await forgetPublications();
    expect(await growAndPublish()).toMatchObject({ ok: false, code: 'inconsistent' });
    expect(await published()).toBe(0);
  });

  test('the database was put back to an earlier state, archive and all', async () => {
    await tamper('log_leaves', 'delete from kf.log_leaves where tenant_id = $1 and leaf_index >= 5', [uuid()]);
    await forgetPublications();
    expect(await sequencer.publish()).toMatchObject({ ok: false, code: 'rollback' });
    expect(await published()).toBe(0);
  });

  test('the signer has lost its memory', async () => {
    const directory = sequencer.directories.signer;
    await rm(join(directory, 'signed-checkpoints'));
    const forgetful = await openCheckpointSigner({ directory, seed: logSeed });
    await sequencer.issue(tenant, 2);
    await sequencer.sequence();
    expect(await sequencer.publish({ signer: forgetful })).toMatchObject({ ok: false, code: 'memory_lost' });
    await forgetful.close();
  });

  async function forgetPublications(): Promise<void> {
    await tamper('log_roots', 'delete from kf.log_roots');
    await tamper('log_checkpoints', 'delete from kf.log_checkpoints');
    await rm(sequencer.directories.archive, { recursive: true });
  }
});

test('a log that nobody touched goes on', async () => {
  expect(await growAndPublish()).toMatchObject({ ok: true });
  expect(await sequencer.proveAll(tenant)).toBeGreaterThan(10);
});
