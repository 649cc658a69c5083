/** The bounds of exporting audit bundles in this process; how large one may be is `auditBundleLimits` of @karmanflow/commands. */
export interface AuditBundleBounds {
  /** Bundles that are on their way at the same time. Each holds a page in memory, and a connection while it reads one. */
  readonly bundlesAtOnce: number;
  /** How long a reader may take for one. */
  readonly bundleMilliseconds: number;
}

export const auditBundleBounds: AuditBundleBounds = {
  bundlesAtOnce: 3,
  bundleMilliseconds: 30 * 60_000,
};
