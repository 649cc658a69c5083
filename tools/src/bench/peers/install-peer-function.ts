import type { ClientBase } from 'pg';
import reserveFunction from './reserve.sql' with { type: 'text' };
import reserveManyFunction from './reserve-many.sql' with { type: 'text' };

/** Installs the functions of the contenders that are one call. They run with the rights of their caller. */
export async function installPeerFunction(admin: ClientBase): Promise<void> {
  await admin.query(reserveFunction);
  await admin.query(reserveManyFunction);
}
