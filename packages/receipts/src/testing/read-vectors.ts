import { readFileSync } from 'node:fs';

/** The text of a file below packages/receipts/vectors. */
export function readVectorText(path: string): string {
  return readFileSync(new URL(`../../vectors/${path}`, import.meta.url), 'utf8');
}

/** The parsed JSON of such a file. The caller states its shape; a wrong one fails the tests that use it. */
export function readVectors<Vectors>(path: string): Vectors {
  return JSON.parse(readVectorText(path)) as Vectors;
}
