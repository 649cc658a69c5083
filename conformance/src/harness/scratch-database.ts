import { randomBytes } from 'node:crypto';
import { migrate, prepareDatabase } from '@karmanflow/schema/migrations';
import { urlOf, withClient } from '@karmanflow/schema/testing';

export interface ScratchDatabase {
  readonly name: string;
  readonly adminUrl: string;
  drop(): Promise<void>;
}

/**
 * An empty database beside the audited one, on the same server and with the same roles, made by the same migrations.
 * Behaviour is tried there, because what is tried leaves receipts, and those can never be removed.
 */
export async function createScratchDatabase(adminUrl: string): Promise<ScratchDatabase> {
  const name = `kf_conformance_${randomBytes(6).toString('hex')}`;
  const scratchUrl = urlOf(adminUrl, { database: name });
  const drop = (): Promise<void> =>
    withClient(adminUrl, async (admin) => void (await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)));
  await withClient(adminUrl, (admin) => admin.query(`CREATE DATABASE ${name}`));
  try {
    await withClient(scratchUrl, async (admin) => {
      await prepareDatabase(admin);
      await migrate(admin);
    });
  } catch (error) {
    await drop();
    throw error;
  }
  return { name, adminUrl: scratchUrl, drop };
}
