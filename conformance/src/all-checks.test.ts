import { describe, expect, test } from 'bun:test';
import { tableNames } from '@karmanflow/schema';
import { allChecks } from './all-checks.ts';
import { families } from './harness/check.ts';

const checks = allChecks({ seed: 1, runs: 1 });
const namesOf = (id: string): readonly string[] => checks.filter((check) => check.id === id).map((check) => check.id);

describe('every check', () => {
  test('there are checks, each with an id of its own that names its family', () => {
    expect(checks.length).toBeGreaterThan(30);
    for (const { id, family } of checks) {
      expect(namesOf(id)).toEqual([id]);
      expect(id.startsWith(`${family}.`)).toBe(true);
      expect(families).toContain(family);
    }
  });

  test('has at least one saboteur, whose names differ and whose evidence is named', () => {
    for (const { id, saboteurs } of checks) {
      expect({ id, saboteurs: saboteurs.length }).not.toEqual({ id, saboteurs: 0 });
      expect(new Set(saboteurs.map(({ name }) => name)).size).toBe(saboteurs.length);
      for (const { mentions, tables } of saboteurs) {
        expect(mentions.length).toBeGreaterThan(2);
        for (const table of tables ?? []) expect(tableNames).toContain(table);
      }
    }
  });

  test('that leaves rows behind comes last', () => {
    expect(checks.slice(-2).map(({ id }) => id)).toEqual(['tenancy.two-worlds', 'environment-scope.two-worlds']);
  });

  test('states its claim and mechanism as a reader needs them', () => {
    for (const { claim, mechanism } of checks) {
      expect(claim).toMatch(/^[A-Z].*\.$/u);
      expect(mechanism.length).toBeGreaterThan(20);
    }
  });
});

/** Cases of the attack catalogue that are not cases of an attack here, and where they are instead. */
const elsewhere: Readonly<Record<number, string>> = {
  34: 'tenancy.writes-confined', // the row of case 19 refers to the other tenant's parents
  62: 'tenancy.roles-powerless',
  65: 'append-only.unchangeable',
  66: 'append-only.unchangeable',
  68: 'tenancy.no-code-in-the-database',
  69: 'tenancy.no-default-privileges', // also tried in privileges-closed, where the administrator may act as the roles
};

/** Keys of caches, queues and log lines (74) are the application's; 75 to 80 are about Citus. */
const lastCase = 73;

test('every case of the attack catalogue is tried, or read off the catalogue', () => {
  const tried = checks
    .flatMap(({ cases = [] }) => cases)
    .flatMap((name) => (/^(?:\d{2}(?: and )?)+/u.exec(name)?.[0] ?? '').match(/\d{2}/gu) ?? [])
    .map(Number);
  expect(new Set(tried).size).toBeGreaterThan(50);
  for (let number = 1; number <= lastCase; number += 1) {
    const place = elsewhere[number];
    if (place !== undefined) expect(namesOf(place)).toEqual([place]);
    else expect(tried).toContain(number);
  }
});
