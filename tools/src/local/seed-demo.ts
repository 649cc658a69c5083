import { dirname, join } from 'node:path';
import { access, type Caller } from '@karmanflow/commands';
import { createFileSecretStore, loadReceiptKeyring } from '@karmanflow/runtime';
import { controlEnvironmentOf, type Database, openDatabase, toId, toUuid } from '@karmanflow/schema';
import { type Demo, type DemoCatalogue, readDemo, writeDemo } from './demo.ts';
import { seedChannelsAndStock, seedMasterData } from './demo-catalogue.ts';
import { type DemoCommands, openDemoCommands } from './demo-commands.ts';
import { type DemoEnvironment, demoFingerprint } from './demo-plan.ts';
import { bootstrapDemo, chooseDemo, type DemoTenant } from './demo-tenant.ts';
import { localApps } from './local-apps.ts';
import { openLocalSecrets, secretReference } from './local-secrets.ts';
import { keyringSecretName, type Provisioned } from './provision.ts';

/**
 * Makes the demo tenant with its keys, catalogue and stock, by the commands that everybody else uses, and writes what a
 * client needs of it to `demo.json` beside the secrets. Each command has a fixed idempotency key, so a repeat changes
 * nothing and one that was interrupted anywhere goes on. `log` hears of each step that is done.
 * Throws `DemoOutdated` when the database holds a part of a demo that another state of this code made.
 */
export async function seedDemo(options: {
  readonly provisioned: Provisioned;
  /** At which the people of the demo log in; that of the usual port unless given. */
  readonly identityIssuer?: string;
  readonly log?: (line: string) => void;
}): Promise<Demo> {
  const {
    provisioned,
    identityIssuer = `http://127.0.0.1:${localApps.identity.port}`,
    log = () => undefined,
  } = options;
  const { secretsDirectory } = provisioned;
  const demoFile = join(dirname(secretsDirectory), 'demo.json');
  const database = openDatabase({ url: provisioned.urlFor('kf_command'), applicationName: 'karmanflow-seed' });
  try {
    const before = await readDemo(demoFile);
    if (before !== null && (await isInDatabase(database, before))) return before;
    const secrets = openLocalSecrets(secretsDirectory);
    const choice = await chooseDemo(secrets);
    log('the tenant and its secrets are chosen');
    const store = createFileSecretStore({ directory: secretsDirectory });
    const { signer } = await loadReceiptKeyring(store, secretReference(keyringSecretName));
    const commands = openDemoCommands({ database, signer });
    try {
      const tenant = await bootstrapDemo({ commands, choice, identityIssuer });
      log('the tenant exists');
      const catalogue = await seedCatalogues({ commands, tenant, database, log });
      const demo: Demo = { ...tenant, catalogue, fingerprint: demoFingerprint };
      await writeDemo(demoFile, demo);
      log('the demo is written down');
      return demo;
    } finally {
      await commands.close();
    }
  } finally {
    await database.close();
  }
}

/** Whether this database holds the tenant and the environments of a demo. It may be another one than it was made in. */
async function isInDatabase(database: Database, demo: Demo): Promise<boolean> {
  const { tenantId } = demo;
  const control = toUuid(tenantId);
  const scope = { tenantId, environmentId: controlEnvironmentOf(tenantId) };
  const rows = await database.read(scope, (db) =>
    db
      .selectFrom('environments')
      .select('id')
      .where('tenant_id', '=', control)
      .where('environment_id', '=', control)
      .execute(),
  );
  const found = new Set<string>(rows.map(({ id }) => toId('environment', id)));
  return Object.values(demo.environments).every((id) => found.has(id));
}

async function seedCatalogues(work: {
  readonly commands: DemoCommands;
  readonly tenant: DemoTenant;
  readonly database: Database;
  readonly log: (line: string) => void;
}): Promise<Demo['catalogue']> {
  const { commands, tenant, database, log } = work;
  const authenticator = access.createAuthenticator({ database, now: () => Date.now() });
  const seedOne = async (environment: DemoEnvironment): Promise<DemoCatalogue> => {
    const caller: Caller | null = await authenticator.authenticate(tenant.keys[environment]);
    if (caller === null) throw new Error(`the operator's key for the ${environment} is not accepted`);
    const order = { commands, caller, environment };
    const masterData = await seedMasterData(order);
    log(`${environment}: locations and variants exist`);
    const channels = await seedChannelsAndStock({ ...order, masterData });
    log(`${environment}: channels and stock exist`);
    return { ...masterData, channels };
  };
  return { sandbox: await seedOne('sandbox'), production: await seedOne('production') };
}
