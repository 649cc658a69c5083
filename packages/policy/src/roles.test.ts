import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { effectiveScopes, type GrantedRole, isRoleName, roles, type RoleName, scopePattern } from './index.ts';

const here = 'env-here';
const elsewhere = 'env-elsewhere';
const now = '2026-03-01T12:00:00.000Z';
const justBefore = '2026-03-01T11:59:59.999Z';
const justAfter = '2026-03-01T12:00:00.001Z';
const everyScope = [...new Set(Object.values(roles).flat())];

const live: GrantedRole = { role: 'viewer', environmentId: null, validFrom: now, validUntil: null, revokedAt: null };

function scopesOf(grants: readonly GrantedRole[], credentialScopes: readonly string[] = everyScope): string[] {
  return [...effectiveScopes({ grants, credentialScopes, environmentId: here, now })].toSorted();
}

const viewerScopes = [...roles.viewer].toSorted();

describe('effective scopes', () => {
  test('are those of the granted role, within what the credential carries', () => {
    expect(scopesOf([live])).toEqual(viewerScopes);
    expect(scopesOf([live], ['inventory.level:read', 'access.api_key:revoke'])).toEqual(['inventory.level:read']);
    expect(scopesOf([live], [])).toEqual([]);
    expect(scopesOf([])).toEqual([]);
  });

  test.each([
    ['from this very instant', { validFrom: now }, true],
    ['from one millisecond ago', { validFrom: justBefore }, true],
    ['from the next millisecond', { validFrom: justAfter }, false],
    ['until this very instant', { validFrom: justBefore, validUntil: now }, false],
    ['until the next millisecond', { validFrom: justBefore, validUntil: justAfter }, true],
    ['until the past', { validFrom: justBefore, validUntil: justBefore }, false],
    ['for no time at all', { validFrom: now, validUntil: now }, false],
  ])('a grant %s', (_words, change, counts) => {
    expect(scopesOf([{ ...live, ...change }])).toEqual(counts ? viewerScopes : []);
  });

  test('a revoked grant gives nothing, also when the revocation lies ahead', () => {
    expect(scopesOf([{ ...live, revokedAt: justBefore }])).toEqual([]);
    expect(scopesOf([{ ...live, revokedAt: justAfter }])).toEqual([]);
  });

  test('a grant for one environment gives nothing in another', () => {
    expect(scopesOf([{ ...live, environmentId: here }])).toEqual(viewerScopes);
    expect(scopesOf([{ ...live, environmentId: elsewhere }])).toEqual([]);
  });

  test('a role that this build does not know gives nothing, also when it is named like a property of objects', () => {
    for (const role of ['', 'superuser', 'toString', '__proto__', 'constructor']) {
      expect(isRoleName(role)).toBe(false);
      expect(scopesOf([{ ...live, role }])).toEqual([]);
    }
  });

  test('several grants add up, and a dead one takes nothing from a live one', () => {
    const both = scopesOf([live, { ...live, role: 'administrator' }, { ...live, role: 'operator', revokedAt: now }]);
    expect(both).toEqual([...roles.viewer, ...roles.administrator].toSorted());
  });

  test('what a credential carries beyond the grants gives nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...(Object.keys(roles) as RoleName[])), { maxLength: 3 }),
        fc.array(fc.oneof(fc.constantFrom(...everyScope), fc.string()), { maxLength: 8 }),
        (granted, carried) => {
          const given = new Set<string>(granted.flatMap((role) => [...roles[role]]));
          const scopes = scopesOf(
            granted.map((role) => ({ ...live, role })),
            carried,
          );
          expect(scopes.every((scope) => given.has(scope) && carried.includes(scope))).toBe(true);
          expect(scopes).toHaveLength(new Set(carried.filter((scope) => given.has(scope))).size);
        },
      ),
    );
  });
});

describe('the roles', () => {
  test('name scopes of the form domain.entity:verb, each once', () => {
    expect(everyScope.length).toBeGreaterThan(10);
    for (const [name, scopes] of Object.entries(roles)) {
      expect(isRoleName(name)).toBe(true);
      expect(new Set<string>(scopes).size).toBe(scopes.length);
      for (const scope of scopes) expect(scope).toMatch(scopePattern);
    }
  });

  test('only the bootstrap role creates tenants, and it does nothing else', () => {
    const creators = Object.entries(roles).filter(([, scopes]) =>
      (scopes as readonly string[]).includes('access.tenant:bootstrap'),
    );
    expect(creators).toEqual([['platform_bootstrap', ['access.tenant:bootstrap']]]);
  });

  test('the viewer reads and does nothing else', () => {
    for (const scope of roles.viewer) expect(scope).toEndWith(':read');
  });
});
