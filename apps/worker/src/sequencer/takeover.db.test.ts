import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { resolve } from 'node:path';
import type { TestTenant } from '@karmanflow/commands/testing';
import { waitUntil } from '@karmanflow/runtime/testing';
import { toUuid } from '@karmanflow/schema';
import { createSequencerWorld, type SequencerWorld } from './testing/sequencer-world.ts';

setDefaultTimeout(90_000);

/** Real processes, with real signals. */
let sequencer: SequencerWorld;
let tenant: TestTenant;
const running: Bun.Subprocess<'ignore', 'pipe', 'inherit'>[] = [];
beforeAll(async () => {
  sequencer = await createSequencerWorld();
  tenant = await sequencer.world.createTenant('Acme');
});
afterEach(async () => {
  for (const child of running.splice(0)) {
    child.kill('SIGKILL');
    await child.exited;
  }
});
afterAll(() => sequencer.close());

function start(): Bun.Subprocess<'ignore', 'pipe', 'inherit'> {
  const { archive, signer } = sequencer.directories;
  const url = sequencer.world.testDatabase.urlFor('kf_sequencer');
  const file = resolve(import.meta.dir, 'testing/sequencer-process.ts');
  const child = Bun.spawn([process.execPath, file, url, archive, signer], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  running.push(child);
  return child;
}

const number = async (text: string): Promise<number> =>
  Number((await sequencer.admin.query(text, [toUuid(tenant.tenantId)])).rows[0].n);
const receipts = () => number('select count(*) as n from kf.command_receipts where tenant_id = $1');
const leaves = () => number('select count(*) as n from kf.log_leaves where tenant_id = $1');
const published = () => number('select coalesce(max(tree_size), 0) as n from kf.log_checkpoints where tenant_id = $1');
const epoch = async (): Promise<number> =>
  Number((await sequencer.admin.query('select coalesce(max(epoch), 0) as n from kf.sequencer_terms')).rows[0].n);

async function allPublished(): Promise<void> {
  await waitUntil({
    what: 'everything is published',
    condition: async () => (await published()) === (await receipts()),
    deadlineMilliseconds: 60_000,
  });
}

async function ledBy(next: number): Promise<void> {
  await waitUntil({
    what: `term ${next}`,
    condition: async () => (await epoch()) >= next,
    deadlineMilliseconds: 60_000,
  });
}

describe('the lead passes on', () => {
  test('when its process is killed in the middle of the work: nothing is lost, nothing is there twice', async () => {
    const before = await epoch();
    const first = start();
    await ledBy(before + 1);
    start();
    const writing = sequencer.issue(tenant, 400);
    await waitUntil({ what: 'some leaves', condition: async () => (await leaves()) > 0, deadlineMilliseconds: 60_000 });
    first.kill('SIGKILL');
    await ledBy(before + 2);
    await writing;
    await sequencer.issue(tenant, 20);
    await allPublished();
    expect(await sequencer.proveAll(tenant)).toBe(await receipts());
  });

  test('when its process is stopped; woken up, it writes nothing and stands in line again', async () => {
    const before = await epoch();
    const first = start();
    await ledBy(before + 1);
    start();
    await sequencer.issue(tenant, 10);
    first.kill('SIGSTOP');
    await sequencer.issue(tenant, 10);
    await ledBy(before + 2);
    await allPublished();
    first.kill('SIGCONT');
    await sequencer.issue(tenant, 30);
    await allPublished();
    expect(await epoch()).toBe(before + 2);
    expect(await sequencer.proveAll(tenant)).toBe(await receipts());
    running[1]?.kill('SIGKILL');
    await ledBy(before + 3);
    await sequencer.issue(tenant, 5);
    await allPublished();
    expect(await sequencer.proveAll(tenant)).toBe(await receipts());
  });

  test('at once when it is given back', async () => {
    const before = await epoch();
    const first = start();
    await ledBy(before + 1);
    first.kill('SIGTERM');
    expect(await first.exited).toBe(0);
    expect(await sequencer.asLeader(async (term) => term.epoch)).toBe(before + 2);
  });
});
