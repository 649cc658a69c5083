import { exportBundle, type BundlePlan, type BundleRequest } from '@karmanflow/commands';
import type { KeySetDocument, ReceiptSigner } from '@karmanflow/receipts';
import type { Metrics } from '@karmanflow/runtime';
import type { Database } from '@karmanflow/schema';
import type { AuditBundleBounds } from './audit-bundle-bounds.ts';

export interface AuditBundleParts {
  /** Of the role kf_read. */
  readonly database: Database;
  readonly keySet: KeySetDocument;
  /** Signs the end of each bundle: the key of the receipts. */
  readonly signer: Pick<ReceiptSigner, 'sign' | 'keyId'>;
  /** Verifier keys of the log of logs, or of the tenant's own log, as far as this process knows them. */
  readonly logKeys: readonly string[];
  readonly metrics: Metrics;
  readonly bounds: AuditBundleBounds;
  /** Milliseconds that only grow, and milliseconds since 1970. */
  readonly monotonicNow: () => number;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

export interface WantedBundle {
  readonly request: BundleRequest;
  readonly plan: BundlePlan;
  /** Asked before each page, so that who loses the right to read loses the rest. */
  readonly isAllowed: () => Promise<boolean>;
}

export interface AuditBundles {
  /** The body of an answer, or null when as many bundles are on their way as may be. */
  open(wanted: WantedBundle): ReadableStream<Uint8Array> | null;
  /** Cuts off what is on its way; a bundle without its end is no bundle. */
  close(): void;
}

/** A bundle that was cut off by us, with the reason. Its reader sees a body that ends too early. */
class BundleCutOff extends Error {
  override readonly name = 'BundleCutOff';
}

/**
 * Sends bundles as fast as their readers take them: a page is read from the database when the one before has gone, so that
 * a slow reader costs a page of memory, and no transaction stays open for it. How many there are at once is bounded, and
 * how long each may take.
 */
export function createAuditBundles(parts: AuditBundleParts): AuditBundles {
  const { bounds, monotonicNow } = parts;
  const bundles = parts.metrics.counter({
    name: 'kf_audit_bundles_total',
    help: 'Audit bundles, by how they ended: complete, left by their reader, cut off by a bound, failed, or refused as too many.',
    labels: { outcome: ['complete', 'left', 'cut_off', 'failed', 'refused'] },
  });
  let underWay = 0;
  let isClosed = false;
  parts.metrics.measured({
    name: 'kf_audit_bundles_open',
    help: 'Audit bundles that are on their way.',
    read: () => underWay,
  });

  async function* pages({ request, plan, isAllowed }: WantedBundle): AsyncGenerator<string, void, undefined> {
    const { database, keySet, signer, logKeys } = parts;
    const madeAt = new Date(parts.now()).toISOString();
    const endsAt = monotonicNow() + bounds.bundleMilliseconds;
    const ports = { database, keySet, signer, logKeys, madeAt };
    for await (const page of exportBundle(ports, { request, plan })) {
      if (isClosed) throw new BundleCutOff('this instance is shutting down');
      if (monotonicNow() > endsAt) throw new BundleCutOff('it took too long');
      if (!(await isAllowed())) throw new BundleCutOff('its reader may not read it any more');
      yield page;
    }
  }

  return {
    open(wanted) {
      if (isClosed || underWay >= bounds.bundlesAtOnce) {
        bundles.increment({ outcome: 'refused' });
        return null;
      }
      underWay += 1;
      const end = (outcome: 'complete' | 'left' | 'cut_off' | 'failed'): void => {
        underWay -= 1;
        bundles.increment({ outcome });
      };
      return streamOf(pages(wanted), {
        onComplete: () => end('complete'),
        onLeft: () => end('left'),
        onFailed(error) {
          end(error instanceof BundleCutOff ? 'cut_off' : 'failed');
          parts.onError(error);
        },
      });
    },
    close() {
      isClosed = true;
    },
  };
}

interface StreamEnds {
  readonly onComplete: () => void;
  readonly onLeft: () => void;
  readonly onFailed: (error: unknown) => void;
}

/** Pulls one page when there is room for it, and tells once how it ended. */
function streamOf(pages: AsyncGenerator<string, void, undefined>, ends: StreamEnds): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  // A reader may leave while a page is being read for it: then that is how it ended, and nothing else.
  let isOver = false;
  const once = (end: () => void): void => {
    if (!isOver) end();
    isOver = true;
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await pages.next();
          if (isOver) return;
          if (!done) return controller.enqueue(encoder.encode(value));
          once(ends.onComplete);
          controller.close();
        } catch (error) {
          once(() => ends.onFailed(error));
          controller.error(error);
        }
      },
      async cancel() {
        once(ends.onLeft);
        await pages.return();
      },
    },
    // Nothing is read ahead of what is asked for.
    { highWaterMark: 0 },
  );
}
