import type { LogTrees } from '@karmanflow/events';
import {
  appendLeafHashes,
  type CompactTree,
  compactTreeRoot,
  formatCheckpoint,
  leafHash,
  tenantLogPlace,
} from '@karmanflow/receipts';
import { toId } from '@karmanflow/schema';

const hashBytes = 32;

/** The tree behind a size and its frontier, as the database keeps them. */
export function compactTreeOf(tree: { readonly size: number; readonly frontier: Uint8Array }): CompactTree {
  const count = tree.frontier.length / hashBytes;
  const hashes = Array.from({ length: count }, (_, at) => tree.frontier.slice(at * hashBytes, (at + 1) * hashBytes));
  return { size: BigInt(tree.size), hashes };
}

/** The leaf by which the log of logs commits to a root of a tenant: the text of that tenant's checkpoint. */
export function superEntry(
  root: { readonly tenantId: string; readonly size: number; readonly root: Uint8Array },
  host: string,
): Uint8Array {
  const { origin } = tenantLogPlace({ host, tenantId: toId('tenant', root.tenantId) });
  return new TextEncoder().encode(formatCheckpoint({ origin, size: BigInt(root.size), root: root.root }));
}

/** The arithmetic of RFC 9162 for the sequencer, for the logs of one host. */
export function createLogTrees(host: string): LogTrees {
  return {
    extend(tree, leafHashes) {
      const after = appendLeafHashes(compactTreeOf(tree), leafHashes);
      return { size: Number(after.size), frontier: Buffer.concat(after.hashes), root: compactTreeRoot(after) };
    },
    superLeafHash: (root) => leafHash(superEntry(root, host)),
  };
}
