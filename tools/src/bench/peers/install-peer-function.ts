import type { ClientBase } from 'pg';
import reserveFunction from './reserve.sql' with { type: 'text' };

/** Installs the function of the peer that is one call. It runs with the rights of its caller. */
export async function installPeerFunction(admin: ClientBase): Promise<void> {
  await admin.query(reserveFunction);
}
