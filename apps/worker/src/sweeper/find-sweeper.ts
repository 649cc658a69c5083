import type { Database, Scope } from '@karmanflow/schema';
import { findSystemCaller, type NoSystemCaller, type SystemCallerResult } from '../find-system-caller.ts';

/** The handle of the principal, of type SYSTEM, that each tenant has for expiries. */
export const sweeperHandle = 'expiry-sweeper';

/** Why nothing can be expired in an environment. */
export type NoSweeper = NoSystemCaller;

export type SweeperResult = SystemCallerResult;

/** As whom expiries of an environment are issued: the tenant's own sweeper, with the scopes of that role and no other. */
export async function findSweeper(database: Database, scope: Scope): Promise<SweeperResult> {
  return findSystemCaller(database, scope, { handle: sweeperHandle, role: 'expiry_sweeper' });
}
