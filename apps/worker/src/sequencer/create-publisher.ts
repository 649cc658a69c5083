import {
  type Connection,
  decideRoots,
  type LogTrees,
  readExtents,
  readOpenDecision,
  type RootDecision,
  sequenceLimits,
} from '@karmanflow/events';
import { publishDecision, type PublishOutcome, type PublishPorts } from './publish-decision.ts';

export interface Publisher {
  /** Tells whose logs grew (UUIDs). */
  grew(tenantIds: readonly string[]): void;
  /**
   * Publishes the next checkpoints over this connection; null when there is nothing to publish. After a failure, its own or
   * that of a leader before, it first finds out what was decided and never recorded, and publishes that.
   */
  publish(connection: Connection): Promise<PublishOutcome | null>;
  /** Whether more is known to wait. */
  hasMore(): boolean;
}

export interface PublisherPorts extends Omit<PublishPorts, 'connection' | 'signer'> {
  readonly trees: LogTrees;
  /** Opened when it is first needed: a signer that cannot be opened keeps no event from its position. */
  readonly signer: () => Promise<PublishPorts['signer']>;
}

/** The publisher of one term. */
export function createPublisher(ports: PublisherPorts): Publisher {
  const grown = new Set<string>();
  let isKnown = false;

  async function publish(connection: Connection): Promise<PublishOutcome | null> {
    const wasKnown = isKnown;
    isKnown = false;
    const open = wasKnown ? null : await findUnpublished(connection);
    const decision = open ?? (await decideNext(connection));
    const outcome =
      decision && (await publishDecision(decision, { ...ports, signer: await ports.signer(), connection }));
    isKnown = outcome === null || outcome.ok;
    return outcome;
  }

  /** Goes through all logs: which have grown, and which have a root that was decided and not recorded. */
  async function findUnpublished(connection: Connection): Promise<RootDecision | null> {
    const open: string[] = [];
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof readExtents>> = await readExtents(connection, after);
      for (const { tenantId, leaves, decided, published } of page.extents) {
        if (decided > published) open.push(tenantId);
        if (leaves > decided) grown.add(tenantId);
      }
      after = page.next;
    } while (after !== null);
    return readOpenDecision(connection, open);
  }

  async function decideNext(connection: Connection): Promise<RootDecision | null> {
    const tenantIds = [...grown].slice(0, sequenceLimits.tenantsPerDecision);
    if (tenantIds.length === 0) return null;
    const decision = await decideRoots(connection, { epoch: ports.epoch, tenantIds, trees: ports.trees });
    for (const tenantId of tenantIds) grown.delete(tenantId);
    for (const { tenantId, before, after } of decision?.tenants ?? []) {
      // As many leaves as one root may add: there may be more.
      if (after.size - before.size >= sequenceLimits.leavesPerRoot) grown.add(tenantId);
    }
    return decision;
  }

  return {
    grew(tenantIds) {
      for (const tenantId of tenantIds) grown.add(tenantId);
    },
    publish,
    hasMore: () => grown.size > 0,
  };
}
