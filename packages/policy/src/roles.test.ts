import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import {
  effectiveScopes,
  evaluatePolicy,
  type GrantedRole,
  isRoleName,
  liveRoles,
  roles,
  type RoleName,
  scopePattern,
} from './index.ts';

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
    expect(both).toEqual([...new Set<string>([...roles.viewer, ...roles.administrator])].toSorted());
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

describe('live roles', () => {
  const rolesOf = (grants: readonly GrantedRole[]): readonly string[] =>
    liveRoles({ grants, environmentId: here, now });

  test('are named once, sorted, when they are live here and known', () => {
    expect(
      rolesOf([
        { ...live, role: 'viewer' },
        { ...live, role: 'approver', environmentId: here },
        { ...live, role: 'viewer', environmentId: here },
        { ...live, role: 'operator', environmentId: elsewhere },
        { ...live, role: 'login', revokedAt: justAfter },
        { ...live, role: 'service', validFrom: justAfter },
        { ...live, role: 'connector', validFrom: justBefore, validUntil: now },
        { ...live, role: '__proto__' },
      ]),
    ).toEqual(['approver', 'viewer']);
    expect(rolesOf([])).toEqual([]);
    expect(Object.isFrozen(rolesOf([live]))).toBe(true);
  });

  test('give together exactly the effective scopes of a credential that carries all', () => {
    fc.assert(
      fc.property(fc.subarray(Object.keys(roles) as RoleName[]), (names) => {
        const grants = names.map((role) => ({ ...live, role }));
        const given = new Set<string>(rolesOf(grants).flatMap((name) => (isRoleName(name) ? [...roles[name]] : [])));
        expect(scopesOf(grants)).toEqual([...given].toSorted());
      }),
    );
  });
});

describe('the control environment', () => {
  const control = 'env-control';
  const administrator: GrantedRole = { ...live, role: 'administrator' };

  function inControl(grant: GrantedRole): { roles: readonly string[]; scopes: number; decision: string } {
    const place = { grants: [grant], environmentId: control, now };
    const scopes = effectiveScopes({ ...place, credentialScopes: everyScope });
    const { decision } = evaluatePolicy({
      actor: { type: 'USER', scopes, riskCeiling: 'R3', loginAgeSeconds: 0, roles: liveRoles(place) },
      command: { type: 'api_key.revoke', scope: 'access.api_key:revoke', risk: 'R1' },
      environment: { kind: 'CONTROL', status: 'ACTIVE' },
    });
    return { roles: liveRoles(place), scopes: scopes.size, decision };
  }

  test('counts what was granted for the tenant as a whole or for itself', () => {
    const counted = { roles: ['administrator'], scopes: roles.administrator.length, decision: 'allow' };
    expect(inControl(administrator)).toEqual(counted);
    expect(inControl({ ...administrator, environmentId: control })).toEqual(counted);
  });

  test('does not count an administrator of one environment, who is one there', () => {
    expect(inControl({ ...administrator, environmentId: here })).toEqual({ roles: [], scopes: 0, decision: 'deny' });
    expect(scopesOf([{ ...administrator, environmentId: here }])).toHaveLength(roles.administrator.length);
  });

  test('gives nothing elsewhere that was granted for it alone', () => {
    expect(scopesOf([{ ...administrator, environmentId: control }])).toEqual([]);
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

  test('only the bootstrap role brings tenants into being, and it does nothing else', () => {
    const creators = Object.entries(roles).filter(([, scopes]) =>
      (scopes as readonly string[]).includes('access.tenant:bootstrap'),
    );
    expect(creators).toEqual([['platform_bootstrap', ['access.tenant:bootstrap', 'platform.tenant:confirm']]]);
  });

  test('only operators and approvers decide on requests, and only administrators change who may do what', () => {
    const holders = (scope: string): string[] =>
      Object.entries(roles).flatMap(([name, scopes]) => ((scopes as readonly string[]).includes(scope) ? [name] : []));
    expect(holders('governance.approval:decide')).toEqual(['operator', 'approver']);
    for (const scope of [
      'access.role:grant',
      'access.api_key:issue',
      'access.tenant:configure',
      'access.identity:link',
    ]) {
      expect(holders(scope)).toEqual(['administrator']);
    }
    expect(holders('platform.tenant:create')).toEqual(['platform_operator']);
    expect(holders('access.session:open')).toEqual(['login']);
    expect(holders('access.capability:read').toSorted()).toEqual(
      ['administrator', 'approver', 'connector', 'operator', 'service', 'viewer'].toSorted(),
    );
  });

  test('a service does what a connector does, and allocates', () => {
    const more = ['inventory.allocation:create', 'inventory.allocation:preview'];
    expect<string[]>([...roles.service].toSorted()).toEqual([...roles.connector, ...more].toSorted());
  });

  test('are few enough to stand on a receipt', () => {
    expect(Object.keys(roles).length).toBeLessThanOrEqual(16);
  });

  test('the viewer reads and does nothing else', () => {
    for (const scope of roles.viewer) expect(scope).toEndWith(':read');
  });
});
