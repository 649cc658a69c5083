import { describe, expect, test } from 'bun:test';
import { hkdfSync } from 'node:crypto';
import { parseWebhookSecret } from '../webhook-secret.ts';
import {
  deriveSubscriptionSecret,
  deriveSubscriptionSigningKey,
  requireWebhookMaster,
} from './derive-subscription-secret.ts';
import { liveSecretVersions } from './live-secret-versions.ts';
import { isEventTypePattern, matchesEventType } from './matches-event-type.ts';

const input = {
  master: new Uint8Array(32).fill(1),
  tenantId: 'tnt_00000000-0000-7000-8000-000000000001',
  environmentId: 'env_00000000-0000-7000-8000-000000000002',
  subscriptionId: 'whs_00000000-0000-7000-8000-000000000003',
  secretVersion: 1,
} as const;

describe('the secrets of a subscription', () => {
  test('are those that HKDF gives, and secrets in form', () => {
    const salt = Buffer.from('0000000000007000800000000000000100000000000070008000000000000002', 'hex');
    const info = 'karmanflow/webhook/hmac-sha256/00000000-0000-7000-8000-000000000003/1';
    const expected = Buffer.from(hkdfSync('sha256', input.master, salt, info, 32)).toString('base64');
    expect(deriveSubscriptionSecret(input)).toBe(`whsec_${expected}`);
    expect(parseWebhookSecret(deriveSubscriptionSecret(input)).ok).toBe(true);
    // Frozen, and computed apart from this code: another derivation would cut off every receiver.
    expect(deriveSubscriptionSecret(input)).toBe('whsec_jvlVmiOtoI2BF1JlUH8ImRoRy1/UqRmBNIdcDMHO20Y=');
    expect(deriveSubscriptionSigningKey(input).publicKey).toBe('whpk_itZuyoo+PdZYa7KKq0Cq+OUVDbGVjghXhgFYyI889aU=');
  });

  test('differ with everything that they follow from', () => {
    const other = '00000000-0000-7000-8000-000000000009';
    const changes = [
      {},
      { master: new Uint8Array(32).fill(2) },
      { tenantId: `tnt_${other}` },
      { environmentId: `env_${other}` },
      { subscriptionId: `whs_${other}` },
      { secretVersion: 2 },
      { secretVersion: 12 },
      // What is the one's environment is the other's tenant.
      {
        tenantId: 'tnt_00000000-0000-7000-8000-000000000002',
        environmentId: 'env_00000000-0000-7000-8000-000000000001',
      },
    ] as const;
    const secrets = changes.map((change) => deriveSubscriptionSecret({ ...input, ...change }));
    expect(new Set(secrets).size).toBe(changes.length);
    const seeds = changes.map((change) => deriveSubscriptionSigningKey({ ...input, ...change }).signingKey);
    expect(new Set(seeds).size).toBe(changes.length);
  });

  test('need a master and a version', () => {
    expect(requireWebhookMaster(`${Buffer.alloc(32, 1).toString('base64')}\n`)).toEqual(input.master);
    for (const text of ['', 'AA==', Buffer.alloc(33).toString('base64')]) {
      expect(() => requireWebhookMaster(text)).toThrow('base64 of 32 bytes');
    }
    for (const secretVersion of [0, -1, 1.5, Number.NaN]) {
      expect(() => deriveSubscriptionSecret({ ...input, secretVersion })).toThrow('from 1');
    }
  });

  test('overlap until a rotation is over', () => {
    const retiring = { secretVersion: 5, retiringVersion: 3, retiringUntil: '2026-03-01T12:00:00.000Z' };
    const until = Date.parse(retiring.retiringUntil);
    expect(liveSecretVersions(retiring, until - 1)).toEqual([5, 4, 3]);
    expect(liveSecretVersions(retiring, until)).toEqual([5]);
    expect(liveSecretVersions({ secretVersion: 5, retiringVersion: null, retiringUntil: null }, 0)).toEqual([5]);
  });
});

test('patterns of event types take whole words', () => {
  const taken = (pattern: string, type: string): boolean => matchesEventType([pattern], type);
  expect(taken('*', 'inventory.level.set')).toBe(true);
  expect(taken('inventory.*', 'inventory.level.set')).toBe(true);
  expect(taken('inventory.level.*', 'inventory.level.set')).toBe(true);
  expect(taken('inventory.level.set', 'inventory.level.set')).toBe(true);
  for (const pattern of ['inventory', 'inventory.lev*', 'inventory.level', 'inventory.levels.*', 'level.*']) {
    expect(taken(pattern, 'inventory.level.set')).toBe(false);
  }
  expect(['*', 'a', 'a.b', 'a.*', 'a.b.c.*'].every(isEventTypePattern)).toBe(true);
  expect(['', '.', 'a.', '.*', '**', 'a*', 'A.b', 'a..b', 'a.*.b'].some(isEventTypePattern)).toBe(false);
});
