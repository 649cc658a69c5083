import { access, type Registry } from '@karmanflow/commands';
import { toUuid } from '@karmanflow/schema';
import { withClient } from '@karmanflow/schema/testing';

export type Handler = (request: Request) => Response | Promise<Response>;

/** What a saboteur changes about an API that tests serve: what it is made from, or what stands before it. */
export interface Recomposition {
  readonly registry?: (registry: Registry) => Registry;
  readonly around?: (handler: Handler) => Handler;
}

/** A running API, as one caller of it. */
export interface Surface {
  /** Without a slash at the end. */
  readonly url: string;
  /** Of somebody who may read whatever can be read, so that no refusal is about that. */
  readonly apiKey: string;
  /** How many receipts carry the correlation id, a UUID; null when that cannot be told from here. */
  readonly countReceipts: ((correlationId: string) => Promise<number>) | null;
  /** Serves a changed API at the same address; null on a deployment. */
  readonly recompose: ((change: Recomposition) => void) | null;
}

/**
 * Counts receipts as an administrator whom row security does not hide rows from. Null for any other, and when the database
 * does not know the key: it is then not the one behind the API, and would count nothing whatever happens.
 */
export async function receiptCounter(adminUrl: string, apiKey: string): Promise<Surface['countReceipts']> {
  const credential = access.parseApiKey(apiKey);
  if (credential === null) return null;
  const known = await withClient(adminUrl, (admin) =>
    admin.query(
      `SELECT FROM kf.api_keys WHERE id = $1
         AND EXISTS (SELECT FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls))`,
      [toUuid(credential.apiKeyId)],
    ),
  );
  if (known.rowCount === 0) return null;
  return (correlationId) =>
    withClient(adminUrl, async (admin) => {
      const { rows } = await admin.query<{ count: string }>(
        'SELECT count(*) FROM kf.command_receipts WHERE correlation_id = $1',
        [correlationId],
      );
      return Number(rows[0]?.count);
    });
}
