import { describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { limits } from '@karmanflow/schema';
import * as fc from 'fast-check';
import {
  defaultTenantPolicy,
  parseTenantPolicy,
  quorumOf,
  tenantPolicyHash,
  tenantPolicyLimits,
  tenantPolicyText,
} from './index.ts';
import { anyTenantPolicy } from './testing/any-question.ts';

const full = {
  approvalTtlSeconds: 3600,
  loginMaxAgeSeconds: 300,
  quorum: { 'reservation.mass_cancel': 2 },
  approverRoles: { 'tenant.configure': ['approver', 'administrator'] },
  raiseAbove: { 'inventory.adjust': 500 },
};

function manyCommands<Value>(count: number, value: Value): Record<string, Value> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`feature.command_${index}`, value]));
}

describe('the policy of a tenant', () => {
  test('that settled nothing is the default', () => {
    expect(defaultTenantPolicy).toEqual({
      approvalTtlSeconds: limits.approvalTtlSeconds,
      loginMaxAgeSeconds: 900,
      quorum: {},
      approverRoles: {},
      raiseAbove: {},
    });
    expect(parseTenantPolicy('{}')).toEqual(defaultTenantPolicy);
    expect(parseTenantPolicy({})).toEqual(defaultTenantPolicy);
    expect(quorumOf({ tenantPolicy: defaultTenantPolicy, commandType: 'constructor' })).toBe(1);
  });

  test('is read from text or value, with roles sorted, and frozen all through', () => {
    const policy = parseTenantPolicy(full)!;
    expect(policy).toEqual({ ...full, approverRoles: { 'tenant.configure': ['administrator', 'approver'] } });
    expect(parseTenantPolicy(JSON.stringify(full))).toEqual(policy);
    expect(parseTenantPolicy(policy)).toBe(policy);
    expect(quorumOf({ tenantPolicy: policy, commandType: 'reservation.mass_cancel' })).toBe(2);
    for (const part of [policy, ...Object.values(policy), ...Object.values(policy.approverRoles)]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test.each<[string, unknown]>([
    ['the shortest and longest times', { approvalTtlSeconds: 60, loginMaxAgeSeconds: 43_200 }],
    ['the longest and shortest times', { approvalTtlSeconds: 7 * 86_400, loginMaxAgeSeconds: 60 }],
    ['every quorum', { quorum: { 'a.b': 1, 'c.d': 5 } }],
    ['a limit of nothing and of all that there is', { raiseAbove: { 'a.b': 0, 'c.d': Number.MAX_SAFE_INTEGER } }],
    ['as many commands as there may be', { quorum: manyCommands(tenantPolicyLimits.commandsMax, 2) }],
  ])('may name %s', (_name, value) => {
    expect(parseTenantPolicy(value)).toMatchObject(value as object);
  });

  test.each<[string, unknown]>([
    ['nothing', null],
    ['no text of JSON', '{'],
    ['a text of null', 'null'],
    ['a list', []],
    ['a number', 7],
    ['a setting that there is not', { ...full, autoApprove: true }],
    ['a setting by the name of an inherited one', { ...full, toString: 1 }],
    ['a setting set to null', { ...full, quorum: null }],
    ['a time too short', { approvalTtlSeconds: 59 }],
    ['a time too long', { approvalTtlSeconds: 7 * 86_400 + 1 }],
    ['a login too short', { loginMaxAgeSeconds: 59 }],
    ['a login too long', { loginMaxAgeSeconds: 43_201 }],
    ['a time that is no whole number', { approvalTtlSeconds: 60.5 }],
    ['a time as text', { approvalTtlSeconds: '3600' }],
    ['a quorum of nobody', { quorum: { 'a.b': 0 } }],
    ['a quorum of a crowd', { quorum: { 'a.b': 6 } }],
    ['a limit below nothing', { raiseAbove: { 'a.b': -1 } }],
    ['a limit that is no number', { raiseAbove: { 'a.b': Number.NaN } }],
    ['a limit too large to count', { raiseAbove: { 'a.b': 2 ** 53 } }],
    ['a command that is none', { quorum: { adjust: 1 } }],
    ['a command named __proto__', JSON.parse('{"quorum":{"__proto__":1}}')],
    ['a command of a very long name', { quorum: { [`a.${'b'.repeat(65)}`]: 1 } }],
    ['more commands than there may be', { quorum: manyCommands(tenantPolicyLimits.commandsMax + 1, 2) }],
    ['roles that are no list', { approverRoles: { 'a.b': 'operator' } }],
    ['no role at all', { approverRoles: { 'a.b': [] } }],
    ['a role twice', { approverRoles: { 'a.b': ['operator', 'operator'] } }],
    ['a role that does not exist', { approverRoles: { 'a.b': ['operator', 'constructor'] } }],
    ['a text longer than there may be', ' '.repeat(tenantPolicyLimits.textLength) + '{}'],
    [
      'a property that throws',
      {
        get quorum() {
          throw new Error('read');
        },
      },
    ],
  ])('is none with %s', (_name, value) => {
    expect(parseTenantPolicy(value)).toBeNull();
  });
});

describe('laws', () => {
  test('a policy survives its text, and has the hash of it', () => {
    fc.assert(
      fc.property(anyTenantPolicy, (policy) => {
        const text = tenantPolicyText(policy);
        const again = parseTenantPolicy(text);
        expect(again).toEqual(policy);
        expect(tenantPolicyText(again!)).toBe(text);
        expect(tenantPolicyHash(policy)).toBe(createHash('sha256').update(text).digest('hex'));
        // A copy was never parsed, and has the same hash.
        expect(tenantPolicyHash(structuredClone(policy))).toBe(tenantPolicyHash(policy));
      }),
    );
  });

  test('the text does not depend on the order in which settings are named', () => {
    const reversed = (value: object): object => Object.fromEntries(Object.entries(value).toReversed());
    fc.assert(
      fc.property(anyTenantPolicy, (policy) => {
        const turned = reversed({
          ...policy,
          quorum: reversed(policy.quorum),
          raiseAbove: reversed(policy.raiseAbove),
        });
        expect(tenantPolicyText(parseTenantPolicy(turned)!)).toBe(tenantPolicyText(policy));
      }),
    );
  });

  test('two policies have one hash only when they are the same', () => {
    fc.assert(
      fc.property(anyTenantPolicy, anyTenantPolicy, (one, other) => {
        expect(tenantPolicyHash(one) === tenantPolicyHash(other)).toBe(Bun.deepEquals(one, other));
      }),
    );
    const limit = (amount: number): string => tenantPolicyHash(parseTenantPolicy({ raiseAbove: { 'a.b': amount } })!);
    expect(limit(0)).toBe(limit(-0));
    expect(limit(1)).not.toBe(limit(2));
  });

  test('whatever it is given, it answers', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything({ withBigInt: true }), fc.json()), (value) => {
        const policy = parseTenantPolicy(value);
        if (policy !== null) expect(parseTenantPolicy(tenantPolicyText(policy))).toEqual(policy);
      }),
    );
  });

  test('the text is the canonical one of RFC 8785', () => {
    expect(tenantPolicyText(parseTenantPolicy(full)!)).toBe(
      '{"approvalTtlSeconds":3600,"approverRoles":{"tenant.configure":["administrator","approver"]},' +
        '"loginMaxAgeSeconds":300,"quorum":{"reservation.mass_cancel":2},"raiseAbove":{"inventory.adjust":500}}',
    );
  });
});
