import { describe, expect, test } from 'bun:test';
import { actorTypes } from '@karmanflow/policy';
import type { Id } from '@karmanflow/schema';
import * as v from 'valibot';
import { registry } from '../../registry.ts';
import { countingUuids, given } from '../../testing/index.ts';
import { apiKeyIssued, apiKeyRevoked } from './events.ts';
import {
  bootstrapTenant,
  formatApiKey,
  formatIngestAddress,
  hashApiKeySecret,
  parseApiKey,
  parseIngestAddress,
  revokeApiKey,
} from './index.ts';

const uuid = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const apiKeyId: Id<'apiKey'> = `key_${uuid(501)}`;
const secretHash = Buffer.from(hashApiKeySecret(new Uint8Array(32))).toString('base64');

const request = {
  name: 'Acme',
  environments: [{ name: 'sandbox', kind: 'SANDBOX' as const }],
  principals: [
    { handle: 'robot', type: 'SERVICE' as const, roles: ['connector'] },
    { handle: 'ada', type: 'USER' as const, roles: ['operator', 'administrator'] },
    { handle: 'bob', type: 'USER' as const, roles: [] },
  ],
  apiKeys: [
    { name: 'k', principal: 'ada', environment: 'sandbox', secretHash, scopes: ['a.b:c'], riskCeiling: 'R1' as const },
  ],
  ingestSources: [{ code: 'shop', principal: 'robot', environment: 'sandbox', secretRefs: ['secrets://shop'] }],
};
type Request = typeof request;

const accepts = (change: Record<string, unknown>): boolean => v.is(bootstrapTenant.input, { ...request, ...change });
const parse = (input: unknown) => v.parse(bootstrapTenant.input, input);

describe('access.bootstrap_tenant', () => {
  test('creates everything that it names, control environment and acting principal included', () => {
    const verdict = given(registry, []).when(bootstrapTenant, parse(request));
    if (verdict.kind !== 'accept') throw new Error(verdict.code);
    expect(verdict.events.map((event) => event.type)).toEqual([
      'access.tenant.created',
      'access.environment.created',
      'access.environment.created',
      'access.principal.registered',
      'access.principal.registered',
      'access.role.granted',
      'access.principal.registered',
      'access.role.granted',
      'access.role.granted',
      'access.principal.registered',
      'access.api_key.issued',
      'access.ingest_source.registered',
    ]);
    expect(v.is(bootstrapTenant.output, verdict.response)).toBe(true);
    expect(verdict.response.principals.map(({ name }) => name)).toEqual(['robot', 'ada', 'bob']);
    const platform = verdict.events[3]?.data;
    expect(platform).toMatchObject({ handle: 'platform', principalId: 'prn_00000000-0000-7000-8000-0000000000aa' });
  });

  test('refuses to do it twice', () => {
    const scenario = given(registry, []);
    const verdict = scenario.when(bootstrapTenant, parse(request));
    if (verdict.kind !== 'accept') throw new Error(verdict.code);
    const again = given(registry, verdict.events, { uuidSource: countingUuids() }).when(
      bootstrapTenant,
      parse(request),
    );
    expect(again).toEqual({ kind: 'refuse', code: 'tenant_exists', detail: {} });
    expect(bootstrapTenant.refusals).toEqual(['tenant_exists', 'command_type_unknown']);
  });

  test('is for the system alone, in the control environment, and on no outside surface', () => {
    expect(bootstrapTenant).toMatchObject({
      actorTypes: ['SYSTEM'],
      environment: 'control',
      internal: true,
      risk: 'R1',
    });
    expect(registry.commands.get('access.bootstrap_tenant')?.internal).toBe(true);
  });

  test.each<[string, Record<string, unknown>]>([
    ['no environment', { environments: [] }],
    ['a control environment of its own', { environments: [{ name: 'sandbox', kind: 'CONTROL' }] }],
    ['no principal', { principals: [], apiKeys: [], ingestSources: [] }],
    [
      'a role that does not exist',
      { principals: [{ ...request.principals[0], roles: ['root'] }, ...request.principals.slice(1)] },
    ],
    ['a key for nobody', { apiKeys: [{ ...request.apiKeys[0], principal: 'eve' }] }],
    ['a key for nowhere', { apiKeys: [{ ...request.apiKeys[0], environment: 'moon' }] }],
    ['a source for nobody', { ingestSources: [{ ...request.ingestSources[0], principal: 'eve' }] }],
    ['a source without secrets', { ingestSources: [{ ...request.ingestSources[0], secretRefs: [] }] }],
    ['a field that nobody knows', { extra: 1 }],
    // What the tables would refuse later, when all that is left is an internal error.
    ['two environments of one name', { environments: [request.environments[0], request.environments[0]] }],
    [
      'an environment named like the control environment',
      { environments: [...request.environments, { name: 'control', kind: 'SANDBOX' }] },
    ],
    ['two principals of one handle', { principals: [...request.principals, request.principals[0]] }],
    [
      'a principal named like the platform',
      { principals: [...request.principals, { handle: 'platform', type: 'USER', roles: [] }] },
    ],
    ['two keys of one name', { apiKeys: [request.apiKeys[0], request.apiKeys[0]] }],
    ['two sources of one code', { ingestSources: [request.ingestSources[0], request.ingestSources[0]] }],
    ['a secret hash that is no SHA-256', { apiKeys: [{ ...request.apiKeys[0], secretHash: 'c2hvcnQ=' }] }],
    ['a scope that is none', { apiKeys: [{ ...request.apiKeys[0], scopes: ['everything'] }] }],
    [
      'more roles than there are',
      {
        principals: [
          { ...request.principals[0], roles: Array.from({ length: 1000 }, () => 'viewer') },
          ...request.principals.slice(1),
        ],
      },
    ],
    [
      'a person to name, but nobody human to bear the name',
      { principals: request.principals.slice(0, 1), apiKeys: [], personName: 'Ada' },
    ],
  ])('does not parse with %s', (_what, change) => {
    expect(accepts(change)).toBe(false);
  });

  test('parses as it stands, for every type of principal', () => {
    expect(accepts({})).toBe(true);
    for (const type of actorTypes) {
      const principals = request.principals.map((one) => ({ ...one, type })) as Request['principals'];
      expect(accepts({ principals })).toBe(true);
    }
  });
});

describe('access.revoke_api_key', () => {
  const issued = apiKeyIssued.of({
    apiKeyId,
    principalId: `prn_${uuid(1)}`,
    environmentId: `env_${uuid(2)}`,
    name: 'k',
    secretHash,
    scopes: [],
    riskCeiling: 'R1',
    expiresAt: null,
  });
  const now = '2026-01-01T00:00:00.000Z';
  const revoke = (events: Parameters<typeof given>[1]) =>
    given(registry, events, { now }).when(revokeApiKey, { apiKeyId });

  test('revokes at once, and once', () => {
    expect(revoke([issued])).toEqual({
      kind: 'accept',
      events: [{ type: 'access.api_key.revoked', data: { apiKeyId } }],
      response: { apiKeyId, revokedAt: now },
    });
    expect(revoke([issued, apiKeyRevoked.of({ apiKeyId })])).toEqual({
      kind: 'refuse',
      code: 'api_key_revoked',
      detail: { revokedAt: now },
    });
    expect(revoke([])).toEqual({ kind: 'refuse', code: 'api_key_not_found', detail: { apiKeyId } });
    expect(revokeApiKey.refusals).toEqual(['api_key_not_found', 'api_key_revoked']);
  });

  test('is for humans, and runs without an approval: taking authority away never waits', () => {
    expect(revokeApiKey).toMatchObject({ actorTypes: ['USER'], risk: 'R1', environment: 'control' });
  });
});

describe('an API key as text', () => {
  const tenantId: Id<'tenant'> = `tnt_${uuid(7)}`;
  const secret = Uint8Array.from({ length: 32 }, (_, index) => index * 8);
  const text = formatApiKey({ tenantId, apiKeyId, secret });

  test('comes back as what it was made of', () => {
    const parsed = parseApiKey(text);
    expect(parsed).toMatchObject({ tenantId, apiKeyId });
    expect([...(parsed?.secret ?? [])]).toEqual([...secret]);
  });

  test.each([
    ['nothing', ''],
    ['another prefix', text.replace('kf_', 'KF_')],
    ['a letter too few', text.slice(0, -1)],
    ['a letter too many', `${text}A`],
    ['a line break', `${text}\n`],
    ['upper case ids', text.replace(/_[0-9a-f]{32}_/, (id) => id.toUpperCase().replace('0', 'A'))],
    ['padding', `${text.slice(0, -1)}=`],
    ['a space in front', ` ${text}`],
    ['a very long text', `kf_${'0'.repeat(100_000)}`],
  ])('that has %s is none', (_what, wrong) => {
    expect(parseApiKey(wrong)).toBeNull();
  });

  test('has one spelling: bits that the secret does not have must be zero', () => {
    const last = text.slice(-1);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const twin = alphabet[alphabet.indexOf(last) + 1] ?? '';
    expect(parseApiKey(`${text.slice(0, -1)}${twin}`)).toBeNull();
  });
});

describe('the address of an ingest source', () => {
  const source = { tenantId: `tnt_${uuid(7)}`, ingestSourceId: `src_${uuid(8)}` } as const;

  test('comes back as what it was made of', () => {
    const text = formatIngestAddress(source);
    expect(text).toMatch(/^[0-9a-f]{64}$/);
    expect(parseIngestAddress(text)).toEqual(source);
  });

  test.each(['', 'x', '0'.repeat(63), '0'.repeat(65), `${'0'.repeat(64)}\n`, 'G'.repeat(64), 'A'.repeat(64)])(
    '%p is none',
    (text) => {
      expect(parseIngestAddress(text)).toBeNull();
    },
  );
});
