import { sampleLeaf, sampleLines } from './sample-bundle.ts';

/** Where the published example of a bundle stands, from this folder. */
export const vectorPath = '../../../vectors/bundle.jsonl';

/** Its lines: a log of 13 leaves with checkpoints of 4, 9 and 13, of which every third belongs to another environment. */
export function vectorLines(): readonly string[] {
  const leaves = Array.from({ length: 13 }, (_, index) => sampleLeaf(index));
  return sampleLines({ leaves, checkpointsAt: [4, 9] });
}
