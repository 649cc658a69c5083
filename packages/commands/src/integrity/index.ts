export {
  compareScope,
  compareSnapshot,
  comparisonLimits,
  HistoryNotWhole,
  type SnapshotComparison,
  type SnapshotQuery,
  type TableComparison,
  type TableDifference,
} from './compare-tables.ts';
