import { createHash } from 'node:crypto';

/** UUIDs in the form of version 7 that follow from a seed, so that a failure can be seen again. */
export function uuidSequence(seed: string): () => string {
  let position = 0;
  return () => {
    position += 1;
    const hex = createHash('sha256').update(`${seed}:${position}`).digest('hex');
    const variant = '89ab'[Number.parseInt(hex.slice(16, 17), 16) % 4];
    return `0199${hex.slice(0, 4)}-${hex.slice(4, 8)}-7${hex.slice(8, 11)}-${variant}${hex.slice(11, 14)}-${hex.slice(20, 32)}`;
  };
}
