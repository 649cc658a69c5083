import { describe, expect, test } from 'bun:test';
import { prefersProof } from './preferences.ts';

describe('a preference for the proof', () => {
  test.each([
    'wait=proof',
    'wait="proof"',
    'Wait = proof',
    'respond-async, wait=proof',
    'return=minimal; x=1, wait=proof; y="a,b"',
    'handling="a, wait=1", wait=proof',
    'wait=proof, wait=10',
  ])('is expressed by %p', (prefer) => {
    expect(prefersProof(new Headers({ prefer }))).toBe(true);
  });

  test.each([
    '',
    'wait',
    'wait=10',
    'wait=proofs',
    'wait=Proof',
    'waits=proof',
    'wait=10, wait=proof',
    'x="wait=proof"',
    'x=1; wait=proof',
    'wait=proof '.repeat(200),
    '"'.repeat(900),
  ])('is not expressed by %p', (prefer) => {
    expect(prefersProof(new Headers({ prefer }))).toBe(false);
  });

  test('nor by silence', () => {
    expect(prefersProof(new Headers())).toBe(false);
  });
});
