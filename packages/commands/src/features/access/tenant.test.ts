import { describe, expect, test } from 'bun:test';
import { defaultTenantPolicy, tenantPolicyText } from '@karmanflow/policy';
import { type Id, limits } from '@karmanflow/schema';
import * as v from 'valibot';
import { registry } from '../../registry.ts';
import { given } from '../../testing/index.ts';
import { environmentArchived, environmentCreated, tenantConfigured } from './events.ts';
import {
  archiveEnvironment,
  bootstrapTenant,
  configureTenant,
  createEnvironment,
  policyFromText,
  policyToChange,
} from './index.ts';

type History = Parameters<typeof given>[1];
const now = '2026-01-01T00:00:00.000Z';
/** The tenant of `given`. */
const tenantId: Id<'tenant'> = 'tnt_00000000-0000-7000-8000-0000000000cc';
const env = (number: number): Id<'environment'> => `env_00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
const made = (number: number, over: object = {}) =>
  environmentCreated.of({ environmentId: env(number), name: `e${number}`, kind: 'SANDBOX', ...over });
const word = (verdict: { kind: 'accept' } | { kind: 'refuse'; code: string }): string =>
  verdict.kind === 'accept' ? 'accept' : verdict.code;

describe('access.configure_tenant', () => {
  const configure = (history: History, settings: Parameters<typeof configureTenant.decide>[1]['settings']) =>
    given(registry, history, { now }).when(configureTenant, { settings });

  test('stores the whole policy as canonical text: what is not named has its default', () => {
    const policy = { ...defaultTenantPolicy, approvalTtlSeconds: 3600 };
    expect(configure([], { approvalTtlSeconds: 3600 })).toEqual({
      kind: 'accept',
      events: [{ type: 'access.tenant.configured', data: { tenantId, settings: tenantPolicyText(policy) } }],
      response: { settings: policy },
    });
  });

  test('leaves what is not named as it was, and replaces what is named as a whole', () => {
    const before = tenantPolicyText({
      ...defaultTenantPolicy,
      approvalTtlSeconds: 3600,
      quorum: { 'reservation.cancel': 2 },
    });
    const verdict = configure([tenantConfigured.of({ tenantId, settings: before })], {
      quorum: { 'access.grant_role': 3 },
    });
    expect(verdict).toMatchObject({ kind: 'accept', response: { settings: { approvalTtlSeconds: 3600 } } });
    if (verdict.kind !== 'accept') throw new Error(verdict.code);
    expect(verdict.response.settings.quorum).toEqual({ 'access.grant_role': 3 });
  });

  test('refuses commands that do not exist: a setting for one of them would mean nothing', () => {
    expect(configure([], { quorum: { 'reservation.cancle': 2 }, raiseAbove: { 'no.such': 1 } })).toEqual({
      kind: 'refuse',
      code: 'command_type_unknown',
      detail: { commandTypes: ['no.such', 'reservation.cancle'] },
    });
  });

  test.each<[boolean, unknown]>([
    [true, {}],
    [true, { loginMaxAgeSeconds: 60, approverRoles: { 'reservation.cancel': ['administrator'] } }],
    [false, { approvalTtlSeconds: 1 }],
    [false, { approvalTtlSeconds: 1e9 }],
    [false, { quorum: { 'reservation.cancel': 0 } }],
    [false, { quorum: { 'not a command': 1 } }],
    [false, { approverRoles: { 'reservation.cancel': [] } }],
    [false, { approverRoles: { 'reservation.cancel': ['root'] } }],
    [false, { approverRoles: { 'reservation.cancel': ['operator', 'operator'] } }],
    [false, { raiseAbove: { 'inventory.adjust': -1 } }],
    [false, { surprise: true }],
    [false, { quorum: Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`a.b${at}`, 1])) }],
  ])('parses is %p of %j', (parses, settings) => {
    expect(v.is(configureTenant.input, { settings })).toBe(parses);
  });

  test('is for a human, and a second human approves', () => {
    expect(configureTenant).toMatchObject({ risk: 'R3', actorTypes: ['USER'], environment: 'control' });
  });

  test('what was stored and cannot be read never gives way to the default, but can be settled anew', () => {
    for (const unreadable of ['{"approvalTtlSeconds":1}', '']) {
      expect(() => policyFromText(unreadable)).toThrow('cannot be read');
      expect(policyToChange(unreadable)).toBe(defaultTenantPolicy);
    }
    expect(policyFromText(null)).toBe(defaultTenantPolicy);
  });
});

describe('environments', () => {
  const create = (history: History, name = 'new') =>
    given(registry, history, { now }).when(createEnvironment, { name, kind: 'PRODUCTION' as const });
  const archive = (history: History) =>
    given(registry, history, { now }).when(archiveEnvironment, { environmentId: env(900) });

  test('are created under a name that none had before, archived ones included', () => {
    expect(create([made(900)])).toEqual({
      kind: 'accept',
      events: [
        { type: 'access.environment.created', data: { environmentId: env(2), name: 'new', kind: 'PRODUCTION' } },
      ],
      response: { environmentId: env(2) },
    });
    expect(word(create([made(900)], 'e900'))).toBe('code_taken');
    expect(word(create([made(900), environmentArchived.of({ environmentId: env(900) })], 'e900'))).toBe('code_taken');
  });

  test('are bounded: those that are active count, the control environment does not', () => {
    const most = Array.from({ length: limits.environmentsPerTenant - 1 }, (_, at) => made(900 + at));
    const control = made(1000, { kind: 'CONTROL' });
    expect(word(create([...most, control]))).toBe('accept');
    const full = [...most, control, made(1001)];
    expect(word(create(full))).toBe('environment_limit_reached');
    expect(word(create([...full, environmentArchived.of({ environmentId: env(1001) })]))).toBe('accept');
  });

  test('are archived once and for good, the control environment never', () => {
    expect(archive([made(900)])).toEqual({
      kind: 'accept',
      events: [{ type: 'access.environment.archived', data: { environmentId: env(900) } }],
      response: { environmentId: env(900), archivedAt: now },
    });
    expect(word(archive([made(900), environmentArchived.of({ environmentId: env(900) })]))).toBe(
      'environment_archived',
    );
    expect(word(archive([made(900, { kind: 'CONTROL' })]))).toBe('environment_is_control');
    expect(word(archive([]))).toBe('environment_not_found');
  });

  test('are for a human, and a second human approves', () => {
    for (const command of [createEnvironment, archiveEnvironment]) {
      expect(command).toMatchObject({ risk: 'R3', actorTypes: ['USER'], environment: 'control' });
    }
  });
});

describe('access.bootstrap_tenant with owners, identities and settings', () => {
  const identityHash = 'a'.repeat(64);
  const request = {
    name: 'Acme',
    environments: [{ name: 'sandbox', kind: 'SANDBOX' as const }],
    principals: [
      { handle: 'bot', type: 'AGENT' as const, roles: [], owner: 'ada' },
      { handle: 'ada', type: 'USER' as const, roles: ['administrator'], identityHash },
    ],
    apiKeys: [],
    ingestSources: [],
    settings: { approvalTtlSeconds: 3600 },
  };
  const accepts = (change: Record<string, unknown>): boolean => v.is(bootstrapTenant.input, { ...request, ...change });

  test('makes them in the same command', () => {
    const verdict = given(registry, [], { now }).when(bootstrapTenant, v.parse(bootstrapTenant.input, request));
    if (verdict.kind !== 'accept') throw new Error(verdict.code);
    const idOf = (name: string) => verdict.response.principals.find((one) => one.name === name)?.id;
    const dataOf = (type: string) => verdict.events.filter((event) => event.type === type).map(({ data }) => data);
    expect(dataOf('access.principal.registered')).toContainEqual(
      expect.objectContaining({ handle: 'bot', ownerId: idOf('ada') }),
    );
    expect(dataOf('access.identity.linked')).toEqual([{ identityHash, principalId: idOf('ada') }]);
    expect(dataOf('access.tenant.configured')).toEqual([
      { tenantId, settings: tenantPolicyText({ ...defaultTenantPolicy, approvalTtlSeconds: 3600 }) },
    ]);
  });

  test('refuses settings for commands that do not exist', () => {
    const input = v.parse(bootstrapTenant.input, { ...request, settings: { quorum: { 'no.such': 2 } } });
    expect(given(registry, [], { now }).when(bootstrapTenant, input)).toEqual({
      kind: 'refuse',
      code: 'command_type_unknown',
      detail: { commandTypes: ['no.such'] },
    });
  });

  test.each<[string, boolean, Record<string, unknown>]>([
    ['as it stands', true, {}],
    [
      'an owner who is nobody',
      false,
      { principals: [{ ...request.principals[0], owner: 'eve' }, request.principals[1]] },
    ],
    [
      'an owner who is no person',
      false,
      { principals: [{ ...request.principals[0], owner: 'bot' }, request.principals[1]] },
    ],
    [
      'a person with an owner',
      false,
      { principals: [request.principals[0], { ...request.principals[1], owner: 'ada' }] },
    ],
    [
      'an agent with an identity',
      false,
      { principals: [{ ...request.principals[0], identityHash: 'b'.repeat(64) }, request.principals[1]] },
    ],
    [
      'one identity for two',
      false,
      { principals: [...request.principals, { ...request.principals[1], handle: 'bob' }] },
    ],
    [
      'an identity that is no hash',
      false,
      { principals: [request.principals[0], { ...request.principals[1], identityHash: 'A'.repeat(64) }] },
    ],
    ['settings out of bounds', false, { settings: { approvalTtlSeconds: 1 } }],
  ])('%s parses: %p', (_what, parses, change) => {
    expect(accepts(change)).toBe(parses);
  });
});
