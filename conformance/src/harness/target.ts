import { type Database, openDatabase, type RuntimeRole, type TableName } from '@karmanflow/schema';
import { Client } from 'pg';
import type { World } from '../world/world.ts';

export interface TargetOptions {
  /** A superuser, or the owner of the database with membership in the owner role. Null: only what runtime roles may see. */
  readonly adminUrl: string | null;
  readonly roleUrls: Partial<Readonly<Record<RuntimeRole, string>>>;
  /** The tenants that were seeded; null on a database that must not be written to. */
  readonly world: World | null;
}

export type OpenPool = (options: {
  role: RuntimeRole;
  connectionsMax: number;
  settings?: Record<string, string>;
}) => Database;

/** What a check looks at: one database, through its roles. Checks run one after the other. */
export interface Target {
  readonly adminUrl: string | null;
  readonly world: World | null;
  urlFor(role: RuntimeRole): string | null;
  /**
   * Lends a connection in a transaction that is always rolled back: the administrator's, or without one a runtime role's.
   * The statements of `hypotheses` run first, so that a change of cluster-wide things is seen by this transaction alone.
   */
  catalogue<T>(work: (client: Client) => Promise<T>): Promise<T>;
  readonly hypotheses: string[];
  /** Tables that attacks are limited to; null: all. What is found on some of them would be found on all. */
  focus: readonly TableName[] | null;
  /** Lends the one connection of a role, closed when `work` throws. */
  as<T>(role: RuntimeRole, work: (client: Client) => Promise<T>): Promise<T>;
  asAdmin<T>(work: (client: Client) => Promise<T>): Promise<T>;
  /** The application's own pool. A saboteur replaces it. */
  openPool: OpenPool;
  close(): Promise<void>;
}

export function openTarget({ adminUrl, roleUrls, world }: TargetOptions): Target {
  const clients = new Map<string, Client>();

  async function lend<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
    const known = clients.get(url);
    const client = known ?? new Client({ connectionString: url, application_name: 'karmanflow-conformance' });
    if (!known) {
      await client.connect();
      // A connection that dies while nobody uses it is replaced; without a listener it would end the process.
      client.on('error', () => clients.delete(url));
      clients.set(url, client);
    }
    try {
      return await work(client);
    } catch (error) {
      clients.delete(url);
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  function roleUrl(role: RuntimeRole): string {
    const url = roleUrls[role];
    if (url === undefined) throw new Error(`no address was given for ${role}`);
    return url;
  }

  const catalogueUrl = adminUrl ?? Object.values(roleUrls)[0];
  const hypotheses: string[] = [];
  return {
    adminUrl,
    world,
    hypotheses,
    focus: null,
    urlFor: (role) => roleUrls[role] ?? null,
    catalogue(work) {
      if (catalogueUrl === undefined) throw new Error('a target needs the address of at least one role');
      return lend(catalogueUrl, async (client) => {
        await client.query('BEGIN');
        for (const statement of hypotheses) await client.query(statement);
        const result = await work(client);
        await client.query('ROLLBACK');
        return result;
      });
    },
    as: (role, work) => lend(roleUrl(role), work),
    asAdmin(work) {
      if (adminUrl === null) throw new Error('this needs an administrator');
      return lend(adminUrl, work);
    },
    openPool: ({ role, connectionsMax, settings = {} }) =>
      openDatabase({ url: roleUrl(role), applicationName: 'karmanflow-conformance', connectionsMax, settings }),
    async close() {
      const open = [...clients.values()];
      clients.clear();
      await Promise.all(open.map((client) => client.end().catch(() => undefined)));
    },
  };
}
