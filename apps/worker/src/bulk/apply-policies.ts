import { createHash } from 'node:crypto';
import { inventory } from '@karmanflow/commands';
import type { Database, Scope } from '@karmanflow/schema';
import { bulkLimits } from './bulk-limits.ts';
import type { OperationOutcome } from './run-mass-cancel.ts';
import { type Part, type PartPorts, sendPart } from './send-part.ts';

export interface ApplyPorts extends PartPorts {
  readonly database: Database;
  /** `bulkLimits.settleMilliseconds` unless a test has less time. */
  readonly settleMilliseconds: number;
  readonly monotonicNow: () => number;
  /** `bulkLimits.lookAgainMilliseconds` unless a test has less time. */
  readonly lookAgainMilliseconds: number;
  /** When to look again at applications that have nothing to change, and only wait until they are settled. */
  readonly lookAgainAt: Map<string, number>;
  readonly onLevels: (changed: number) => void;
}

/**
 * Brings the levels that a policy is for to their oversell limits, a chunk for each command.
 *
 * No level is forgotten. A level is opened with the policy that its transaction read, which may be the one from before
 * this setting only if that transaction began before the setting committed. So a reading that begins later than such a
 * transaction can live sees every level that could have the wrong limit, and only such a reading ends the application.
 */
export async function applyPolicy(
  application: inventory.RunningApplication,
  context: { readonly scope: Scope; readonly ports: ApplyPorts; readonly signal: AbortSignal },
): Promise<OperationOutcome> {
  const { scope, ports, signal } = context;
  const { scopeKey, revision } = application;
  // How old it was before the levels were read, so that it is never taken for older than it was then.
  const isSettled = application.ageMilliseconds >= ports.settleMilliseconds;
  const name = `${scope.tenantId} ${scope.environmentId} ${scopeKey} ${revision}`;
  if (!isSettled && ports.monotonicNow() < (ports.lookAgainAt.get(name) ?? 0)) return 'open';
  let after: inventory.LevelToChange | null = null;
  for (let chunks = 0; chunks < bulkLimits.chunksPerVisit && !signal.aborted; chunks += 1) {
    const levels: inventory.LevelToChange[] = await inventory.readLevelsToChange(
      ports.database,
      scope,
      application,
      after,
    );
    if (levels.length === 0 && after !== null) {
      // Behind the last one is nothing left. Whether anything is left at all is seen from the front.
      after = null;
      continue;
    }
    const finished = levels.length === 0;
    if (finished && !isSettled) {
      if (ports.lookAgainAt.size >= bulkLimits.rememberedPlaces) ports.lookAgainAt.clear();
      ports.lookAgainAt.set(name, ports.monotonicNow() + ports.lookAgainMilliseconds);
      return 'open';
    }
    const { outcome, response } = await sendPart(stepOf(application, { levels, finished }), ports);
    if (outcome === 'denied') return 'denied';
    // Refused: set again meanwhile, or finished by another worker.
    if (outcome === 'refused' || (outcome === 'done' && finished)) {
      ports.lookAgainAt.delete(name);
      return 'ended';
    }
    if (outcome === 'failed') return 'open';
    ports.onLevels(Number(response['changed'] ?? 0));
    after = levels.at(-1) ?? null;
  }
  return 'open';
}

function stepOf(
  { scopeKey, revision }: inventory.RunningApplication,
  { levels, finished }: { readonly levels: readonly inventory.LevelToChange[]; readonly finished: boolean },
): Part {
  const keys = levels.map(({ variantId, locationId }) => ({ variantId, locationId }));
  return {
    definition: inventory.applyOversellPolicy,
    input: { scopeKey, revision, levels: keys, finished },
    // With the versions of the levels: who finds one changed since means another step.
    idempotencyKey: `oversell:${revision}:${digest([scopeKey, finished, levels])}`,
    causationId: null,
  };
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
