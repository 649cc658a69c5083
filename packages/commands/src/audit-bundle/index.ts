export { type BundlePorts, exportBundle } from './export-bundle.ts';
export {
  auditBundleLimits,
  type BundlePlan,
  type BundleRefusal,
  type BundleRequest,
  type PlannedBundle,
  planBundle,
  type ProveConsistency,
  type PublishedTrees,
} from './bundle-plan.ts';
