import type { access, Caller, CommandEnvironment } from '@karmanflow/commands';
import { authenticate } from './authentication.ts';
import { denyRead } from './deny-read.ts';
import type { Exchange } from './exchange.ts';

/** Whether the credential of a request still stands for the same actor, in the same place, who may still read this. */
export async function stillAllowed(
  authenticator: access.Authenticator,
  asked: {
    readonly exchange: Exchange;
    readonly caller: Caller;
    readonly read: { readonly type: string; readonly scope: string; readonly environment: CommandEnvironment };
  },
): Promise<boolean> {
  const again = await authenticate(authenticator, asked.exchange);
  if (!again.ok || !isSamePlace(again.caller, asked.caller)) return false;
  return denyRead(again.caller, asked.read) === null;
}

function isSamePlace(now: Caller, then: Caller): boolean {
  return now.tenantId === then.tenantId && now.environmentId === then.environmentId && now.actor.id === then.actor.id;
}
