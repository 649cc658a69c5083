import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { access } from '@karmanflow/commands';
import { withClient } from '@karmanflow/schema/testing';
import { openDatabase, toUuid } from '@karmanflow/schema';
import { startTemporaryCluster, type TemporaryCluster } from '../postgres/index.ts';
import type { Demo } from './demo.ts';
import { DemoOutdated } from './demo-commands.ts';
import { demoChannels, demoEnvironments, demoLocations, demoVariants } from './demo-plan.ts';
import { provision, type Provisioned } from './provision.ts';
import { seedDemo } from './seed-demo.ts';
import { createTemporaryState, type TemporaryState } from './testing/temporary-state.ts';

setDefaultTimeout(90_000);
let cluster: TemporaryCluster;
let state: TemporaryState;
let provisioned: Provisioned;
beforeAll(async () => {
  cluster = await startTemporaryCluster();
  state = await createTemporaryState();
  provisioned = await provision({ adminUrl: cluster.adminUrl, secretsDirectory: state.paths.secrets });
});
afterAll(async () => {
  await cluster.dispose();
  await state.remove();
});

const levels = demoVariants.flatMap(({ onHand }) => Object.entries(onHand));
const commandsPerEnvironment = demoLocations.length + demoVariants.length + demoChannels.length + levels.length;
const commandsExpected = 1 + demoEnvironments.length * commandsPerEnvironment;

async function numberOf(text: string): Promise<number> {
  const { rows } = await withClient(cluster.adminUrl, (admin) => admin.query<{ n: string }>(text));
  return Number(rows[0]?.n);
}
const receipts = (): Promise<number> => numberOf('select count(*) as n from kf.command_receipts');

describe('the demo', () => {
  let demo: Demo;

  test('is complete after interruptions at each of its steps, and nothing happened twice', async () => {
    const steps: string[] = [];
    for (let stepsAllowed = 0; ; stepsAllowed += 1) {
      const heard: string[] = [];
      const attempt = seedDemo({
        provisioned,
        log: (line) => {
          heard.push(line);
          if (heard.length > stepsAllowed) throw new Error('interrupted');
        },
      });
      const outcome = await attempt.catch((error: Error) => error);
      if (!(outcome instanceof Error)) {
        demo = outcome;
        break;
      }
      expect(outcome.message).toBe('interrupted');
      steps.push(heard.at(-1) ?? '');
    }
    // The last interruption comes after the demo was written down, so the attempt after it has nothing to do.
    expect(new Set(steps).size).toBe(7);
    expect(await receipts()).toBe(commandsExpected);
    expect(commandsExpected).toBeGreaterThan(70);
  });

  test('has the stock and the channels of the plan in both environments', async () => {
    for (const { name } of demoEnvironments) {
      const { variants, locations, channels } = demo.catalogue[name];
      expect(Object.keys(variants).toSorted()).toEqual(demoVariants.map(({ sku }) => sku).toSorted());
      expect(Object.keys(locations)).toEqual(demoLocations.map(({ code }) => code));
      expect(Object.keys(channels)).toEqual(demoChannels.map(({ code }) => code));
      const environment = toUuid(demo.environments[name]);
      const onHand = `select sum(on_hand) as n from kf.inventory_levels where environment_id = '${environment}'`;
      expect(await numberOf(onHand)).toBe(levels.reduce((sum, [, quantity]) => sum + quantity, 0));
      const served = `select count(*) as n from kf.channel_locations where environment_id = '${environment}'`;
      expect(await numberOf(served)).toBe(demoChannels.flatMap(({ buffers }) => Object.keys(buffers)).length);
    }
  });

  test('its keys are accepted, each with what it may do', async () => {
    const database = openDatabase({ url: provisioned.urlFor('kf_command'), applicationName: 'kf-test' });
    try {
      const authenticator = access.createAuthenticator({ database, now: () => Date.now() });
      const operator = await authenticator.authenticate(demo.keys.sandbox);
      expect(operator).toMatchObject({ environmentId: demo.environments.sandbox, riskCeiling: 'R3' });
      expect(operator?.scopes.has('access.api_key:revoke')).toBe(true);
      const productive = await authenticator.authenticate(demo.keys.production);
      expect(productive).toMatchObject({ environmentId: demo.environments.production, actor: operator?.actor });
      const storefront = await authenticator.authenticate(demo.keys.storefront);
      expect(storefront).toMatchObject({ actor: { type: 'SERVICE' }, riskCeiling: 'R1' });
      expect(storefront?.scopes.has('access.api_key:revoke')).toBe(false);
    } finally {
      await database.close();
    }
  });

  test('is written down for this user alone', async () => {
    expect((await stat(state.paths.demo)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(state.paths.demo, 'utf8'))).toEqual(demo);
  });

  test('is found again, and the same when it has to be read from the database', async () => {
    const before = await receipts();
    const heard: string[] = [];
    expect(await seedDemo({ provisioned, log: (line) => void heard.push(line) })).toEqual(demo);
    expect(heard).toEqual([]);
    await rm(state.paths.demo);
    expect(await seedDemo({ provisioned })).toEqual(demo);
    await writeFile(state.paths.demo, '{"tenantId":"half of');
    expect(await seedDemo({ provisioned })).toEqual(demo);
    expect(await receipts()).toBe(before);
  });

  test('is made anew in another database, by the same keys of the same tenant', async () => {
    await withClient(cluster.adminUrl, (admin) => admin.query('CREATE DATABASE another'));
    const url = new URL(cluster.adminUrl);
    url.pathname = 'another';
    const elsewhere = await provision({ adminUrl: url.href, secretsDirectory: state.paths.secrets });
    const other = await seedDemo({ provisioned: elsewhere });
    expect(other.tenantId).toBe(demo.tenantId);
    expect(other.environments).not.toEqual(demo.environments);

    provisioned = await provision({ adminUrl: cluster.adminUrl, secretsDirectory: state.paths.secrets });
    expect(await seedDemo({ provisioned })).toEqual(demo);
  });

  test('is refused when another state of the code had begun it', async () => {
    await rm(state.paths.demo);
    await rm(join(state.paths.secrets, 'demo-key-operator-sandbox'));
    await expect(seedDemo({ provisioned })).rejects.toBeInstanceOf(DemoOutdated);
  });
});
