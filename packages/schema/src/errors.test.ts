import { describe, expect, test } from 'bun:test';
import { errorCatalogue, type ErrorEntry, isErrorCode } from './errors.ts';

const entries: [string, ErrorEntry][] = Object.entries(errorCatalogue);

describe('the error catalogue', () => {
  test('holds what it should hold', () => {
    expect(entries.length).toBeGreaterThan(30);
  });

  test.each(entries)('%s is a fact in snake case with a status, a title and advice', (code, entry) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(Number.isInteger(entry.status)).toBe(true);
    expect(entry.status).toBeGreaterThanOrEqual(400);
    expect(entry.status).toBeLessThanOrEqual(599);
    for (const text of [entry.title, entry.whatToDo]) {
      expect(text).toMatch(/^[A-Z`].*[^\s]$/);
      expect(text.length).toBeGreaterThan(9);
    }
    expect(entry.title).not.toEndWith('.');
    expect(entry.whatToDo).toEndWith('.');
  });

  test('calls retryable what is ours or passing, and never what the caller has to change', () => {
    const retryable = entries.filter(([, entry]) => entry.retryable).map(([code]) => code);
    expect(retryable.toSorted()).toEqual([
      'database_unavailable',
      'deadline_exceeded',
      'draining',
      'idempotency_key_in_flight',
      'internal_error',
      'log_unavailable',
      'login_unavailable',
      'outcome_unknown',
      'overloaded',
      'proof_pending',
      'rate_limited',
    ]);
    const ours = entries.filter(([, entry]) => entry.status >= 500);
    expect(ours.length).toBeGreaterThan(4);
    expect(ours.every(([, entry]) => entry.retryable)).toBe(true);
  });

  test('says of each status 429 and 503 that nothing was done, and of 504 alone that it is not known', () => {
    for (const [code, { status, title }] of entries) {
      const nothingDone = status === 429 || status === 503;
      expect({ code, nothingDone: title.includes('nothing was done') }).toEqual({ code, nothingDone });
    }
    const unknown = entries.filter(([, { status }]) => status === 504).map(([code]) => code);
    expect(unknown).toEqual(['outcome_unknown']);
  });

  test('answers for its own codes only', () => {
    for (const [code] of entries) expect(isErrorCode(code)).toBe(true);
    for (const code of ['', 'toString', '__proto__', 'hasOwnProperty', 'Not_Found'])
      expect(isErrorCode(code)).toBe(false);
  });
});
