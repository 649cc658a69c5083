import { describe, expect, test } from 'bun:test';
import { gatherEvidence } from './evidence.ts';
import { expectations } from './expectation.ts';
import type { Outcome } from './session.ts';

const denied: Outcome = {
  refused: { sqlState: '42501', message: 'permission denied', detail: undefined, constraint: undefined },
  rows: [],
  rowCount: 0,
};
const allowed = (rowCount: number): Outcome => ({ refused: null, rows: [], rowCount });
const attempt = { caseName: 'case', where: 'somewhere' };

describe('evidence', () => {
  test('a scan that saw nothing is a violation', () => {
    expect(gatherEvidence().finding()).toMatchObject({ verdict: 'violated', observed: 0 });
  });

  test('a case that was named and never tried is a violation', () => {
    const evidence = gatherEvidence();
    evidence.see('one');
    expect(evidence.finding(['one']).verdict).toBe('holds');
    expect(evidence.finding(['one', 'other'])).toMatchObject({
      verdict: 'violated',
      evidence: ['other: looked at nothing'],
    });
  });

  test('a surprise alone decides nothing', () => {
    const evidence = gatherEvidence();
    evidence.see('one');
    evidence.surprise('an error that nobody expected');
    expect(() => evidence.finding()).toThrow('neither confirmed nor refuted');
    evidence.violation('a leak');
    expect(evidence.finding().verdict).toBe('violated');
  });

  test('what it says is bounded', () => {
    const evidence = gatherEvidence();
    evidence.see('one');
    for (let count = 0; count < 100; count += 1) evidence.violation('x'.repeat(10_000));
    const { evidence: lines } = evidence.finding();
    expect(lines.length).toBe(26);
    expect(lines.join('').length).toBeLessThan(26 * 330);
  });
});

describe('verdict discipline', () => {
  test('only the expected SQLSTATE is a denial', () => {
    const evidence = gatherEvidence();
    expectations(evidence).refused(attempt, denied, '42501');
    expect(evidence.finding().verdict).toBe('holds');
    expectations(evidence).refused(attempt, denied, '23503');
    expect(() => evidence.finding()).toThrow('42501 permission denied, where 23503 was due');
  });

  test('a success where a denial was due is a violation', () => {
    const evidence = gatherEvidence();
    expectations(evidence).refused(attempt, allowed(0), '42501');
    expect(evidence.finding().verdict).toBe('violated');
  });

  test('a control that fails, or touches nothing, is a violation', () => {
    for (const outcome of [denied, allowed(0)]) {
      const evidence = gatherEvidence();
      expectations(evidence).allowed(attempt, outcome);
      expect(evidence.finding().verdict).toBe('violated');
    }
  });

  test('a number of rows other than the one due is a violation, an error is none', () => {
    const evidence = gatherEvidence();
    expectations(evidence).rowCount(attempt, denied, 0);
    expect(() => evidence.finding()).toThrow('neither confirmed');
    expectations(evidence).rowCount(attempt, allowed(3), 0);
    expect(evidence.finding().verdict).toBe('violated');
  });

  test('two refusals that differ in any word can be told apart', () => {
    const evidence = gatherEvidence();
    const detailed: Outcome = {
      ...denied,
      refused: { ...denied.refused, detail: 'Key (id)=(1) is still referenced.' },
    };
    expectations(evidence).indistinguishable(attempt, [denied, denied]);
    expect(evidence.finding().verdict).toBe('holds');
    expectations(evidence).indistinguishable(attempt, [denied, detailed]);
    expect(evidence.finding().verdict).toBe('violated');
  });
});
