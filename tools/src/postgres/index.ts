export { backendProcessIds, continueBackend, stopBackend } from './backends.ts';
export type { Cluster } from './cluster.ts';
export type { ClusterProblem, ClusterProblemCode, Result } from './cluster-problem.ts';
export { type ClusterOptions, startCluster } from './start-cluster.ts';
export { type TemporaryCluster, startTemporaryCluster } from './start-temporary-cluster.ts';
export { stopOrphan } from './stop-orphan.ts';
