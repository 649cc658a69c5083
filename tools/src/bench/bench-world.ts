import { join } from 'node:path';
import { type RuntimeRole, runtimeRoles } from '@karmanflow/schema';
import { prepareDatabase } from '@karmanflow/schema/migrations';
import { urlOf, withClient } from '@karmanflow/schema/testing';
import { provision, seedDemo } from '../local/index.ts';
import { openLocalSecrets } from '../local/local-secrets.ts';
import { keyringSecretName, roleSecretName, webhookMasterSecretName } from '../local/provision.ts';
import { type BenchStock, stockShelves } from './bench-stock.ts';
import { installPeerFunction } from './peers/install-peer-function.ts';

/** A clone of the template: what one contender works on. */
export interface BenchDatabase {
  readonly name: string;
  readonly adminUrl: string;
  /** The secrets of a process of ours on this database. */
  readonly secretsDirectory: string;
  urlFor(role: RuntimeRole): string;
}

/** A tenant with a key and stock, in a database that can be cloned. */
export interface BenchWorld {
  readonly tenantId: string;
  readonly environmentId: string;
  readonly apiKey: string;
  readonly stock: BenchStock;
  /** A fresh database without reservations. */
  clone(name: string): Promise<BenchDatabase>;
}

const templateName = 'kf_bench_template';

/** Prepares an empty cluster as `bun run up` does, with many more variants, and with what the peers need in addition. */
export async function createBenchWorld(options: {
  readonly adminUrl: string;
  readonly folder: string;
  readonly variants: number;
}): Promise<BenchWorld> {
  const { adminUrl, folder } = options;
  await withClient(adminUrl, (admin) => admin.query(`CREATE DATABASE ${templateName}`));
  const templateUrl = urlOf(adminUrl, { database: templateName });
  const secretsDirectory = join(folder, 'template', 'secrets');
  const provisioned = await provision({ adminUrl: templateUrl, secretsDirectory });
  const demo = await seedDemo({ provisioned });
  const stock = await withClient(templateUrl, async (admin) => {
    await installPeerFunction(admin);
    const made = await stockShelves(admin, { demo, variants: options.variants });
    await admin.query('VACUUM (ANALYZE)');
    return made;
  });

  async function clone(name: string): Promise<BenchDatabase> {
    const database = {
      name,
      adminUrl: urlOf(adminUrl, { database: name }),
      secretsDirectory: join(folder, name, 'secrets'),
      urlFor: (role: RuntimeRole): string => urlOf(provisioned.urlFor(role), { database: name }),
    };
    await withClient(adminUrl, (admin) =>
      admin.query(`CREATE DATABASE ${name} TEMPLATE ${templateName} STRATEGY FILE_COPY`),
    );
    // Grants on the database itself are not part of a template.
    await withClient(database.adminUrl, prepareDatabase);
    const secrets = openLocalSecrets(database.secretsDirectory);
    for (const role of runtimeRoles) await secrets.write(roleSecretName(role), database.urlFor(role));
    for (const secret of [keyringSecretName, webhookMasterSecretName]) {
      await secrets.write(secret, (await openLocalSecrets(secretsDirectory).read(secret)) ?? '');
    }
    return database;
  }

  const { tenantId, environments, keys } = demo;
  return { tenantId, environmentId: environments.sandbox, apiKey: keys.sandbox, stock, clone };
}
