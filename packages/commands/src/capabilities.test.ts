import { describe, expect, test } from 'bun:test';
import { defaultTenantPolicy, parseTenantPolicy, type RiskClass, roles, type TenantPolicy } from '@karmanflow/policy';
import * as v from 'valibot';
import { type Capability, type CapabilityPlace, resolveCapabilities } from './capabilities.ts';
import { accept, defineCommand } from './definition/command.ts';
import { createRegistry, defineFeature, type Registry } from './definition/registry.ts';
import type { Caller } from './executor/metadata.ts';
import { registry } from './registry.ts';

const operator: Caller = {
  tenantId: 'tnt_0192c7a0-5b1e-7c3d-8a4f-6e5d4c3b2a19',
  environmentId: 'env_0192c7a0-5b1e-7c3d-8a4f-6e5d4c3b2a1a',
  environment: { kind: 'SANDBOX', status: 'ACTIVE' },
  actor: { type: 'USER', id: 'prn_0192c7a0-5b1e-7c3d-8a4f-6e5d4c3b2a1b', onBehalfOf: null },
  credential: null,
  scopes: new Set(roles.operator),
  controlScopes: new Set(),
  roles: ['operator'],
  controlRoles: [],
  riskCeiling: 'R3',
  loginAgeSeconds: null,
  tenantPolicy: defaultTenantPolicy,
};

function find(type: string, change: Partial<Caller> = {}, source = registry): Capability {
  const found = resolveCapabilities(source, { ...operator, ...change }).find((one) => one.type === type);
  if (!found) throw new Error(`${type} is not offered`);
  return found;
}

function place(type: string, change: Partial<Caller> = {}, source = registry): CapabilityPlace {
  const [only, ...others] = find(type, change, source).places;
  if (!only || others.length > 0) throw new Error(`${type} has more than one place`);
  return only;
}

function settled(settings: Partial<TenantPolicy>): TenantPolicy {
  const policy = parseTenantPolicy(settings);
  if (!policy) throw new Error('no policy');
  return policy;
}

describe('what a caller is told', () => {
  test('is every command that is offered outside, and every query, once', () => {
    const told = resolveCapabilities(registry, operator);
    const offered = [...registry.commands.values()].filter(({ internal }) => internal !== true);
    expect(offered.length).toBeGreaterThan(20);
    expect(offered.length).toBeLessThan(registry.commands.size);
    expect(told.map(({ kind, type }) => `${kind} ${type}`)).toEqual([
      ...offered.map(({ type }) => `command ${type}`),
      ...[...registry.queries.keys()].map((type) => `query ${type}`),
    ]);
    for (const { places, risk, kind } of told) {
      expect(places.length).toBeGreaterThan(0);
      expect(places.every(({ says }) => says.length > 10)).toBe(true);
      if (kind === 'query') expect(risk).toBe('R0');
    }
  });

  test('is the answer of policy with its rule and what that rule says', () => {
    expect(place('reservation.create')).toEqual({
      runsIn: 'environment',
      availability: 'allowed',
      rule: 'scope_granted',
      says: 'R0 and R1 run for whoever has the scope',
      approval: null,
      aboveLimit: null,
    });
    expect(place('reservation.cancel')).toMatchObject({ availability: 'needs_approval', rule: 'named_human_approves' });
    expect(place('reservation.create', { scopes: new Set() })).toMatchObject({
      availability: 'denied',
      rule: 'scope_missing',
    });
    expect(place('reservation.create', { environment: { kind: 'SANDBOX', status: 'ARCHIVED' } })).toMatchObject({
      availability: 'denied',
      rule: 'environment_archived',
    });
  });

  test('says where it runs, and both places when the input decides', () => {
    expect(place('reservation.create').runsIn).toBe('environment');
    expect(place('access.create_environment').runsIn).toBe('tenant');
    const scopes = new Set(roles.approver);
    const placesOf = (change: Partial<Caller>) =>
      find('approval.approve', change).places.map(({ runsIn, availability }) => `${runsIn} ${availability}`);
    expect(placesOf({ scopes })).toEqual(['environment allowed', 'tenant denied']);
    expect(placesOf({ scopes: new Set(), controlScopes: scopes })).toEqual(['environment denied', 'tenant allowed']);
  });

  test('R3 depends on who asks and on how lately they logged in', () => {
    const scopes = new Set(roles.administrator);
    const change = { controlScopes: scopes, controlRoles: ['administrator'] };
    const ruling = (over: Partial<Caller>) => place('access.configure_tenant', { ...change, ...over }).rule;
    expect(ruling({ loginAgeSeconds: 0 })).toBe('second_human_approves');
    expect(ruling({ loginAgeSeconds: 3_600 })).toBe('login_not_fresh');
    expect(ruling({})).toBe('login_not_fresh');
    expect(ruling({ actor: { ...operator.actor, type: 'AGENT' } })).toBe('actor_type_not_accepted');
    const agent = { actor: { ...operator.actor, type: 'AGENT' as const } };
    expect(place('probe.move', agent, withAmount('probe.move', 'R3')).rule).toBe('human_only');
    expect(ruling({ riskCeiling: 'R2', loginAgeSeconds: 0 })).toBe('risk_above_ceiling');
  });
});

describe('what a tenant settles', () => {
  test('how many approve, and who: otherwise one of all that may decide', () => {
    expect(place('reservation.cancel').approval).toEqual({ quorum: 1, approverRoles: ['approver', 'operator'] });
    const tenantPolicy = settled({
      quorum: { 'reservation.cancel': 3 },
      approverRoles: { 'reservation.cancel': ['approver'] },
    });
    expect(place('reservation.cancel', { tenantPolicy }).approval).toEqual({ quorum: 3, approverRoles: ['approver'] });
    expect(place('reservation.create', { tenantPolicy }).approval).toBeNull();
  });

  test('above which amount a command pauses', () => {
    const tenantPolicy = settled({ raiseAbove: { 'probe.move': 100 }, quorum: { 'probe.move': 2 } });
    const move = (change: Partial<Caller>) => place('probe.move', change, withAmount('probe.move', 'R1'));
    expect(move({ tenantPolicy })).toMatchObject({
      availability: 'allowed',
      approval: null,
      aboveLimit: {
        limit: 100,
        availability: 'needs_approval',
        rule: 'named_human_approves',
        approval: { quorum: 2, approverRoles: ['approver', 'operator'] },
      },
    });
    // Whose credential ends at R1 may not even ask for more.
    expect(move({ tenantPolicy, riskCeiling: 'R1' }).aboveLimit).toMatchObject({
      availability: 'denied',
      rule: 'risk_above_ceiling',
    });
    expect(move({ tenantPolicy, scopes: new Set() }).aboveLimit).toBeNull();
    expect(move({}).aboveLimit).toBeNull();
    expect(place('probe.move', { tenantPolicy }, withAmount('probe.move', 'R2')).aboveLimit).toBeNull();
  });

  test('a limit that no amount passes, or for a command without an amount, is none', () => {
    const raiseAbove = { 'probe.move': Number.MAX_SAFE_INTEGER, 'reservation.commit': 1 };
    const tenantPolicy = settled({ raiseAbove });
    expect(place('probe.move', { tenantPolicy }, withAmount('probe.move', 'R1')).aboveLimit).toBeNull();
    expect(registry.commands.get('reservation.commit')?.amount).toBeUndefined();
    expect(place('reservation.commit', { tenantPolicy }).aboveLimit).toBeNull();
  });

  test('a command that is named like a member of every object has the settings of none', () => {
    const source = withAmount('constructor.constructor', 'R2');
    expect(place('constructor.constructor', {}, source)).toMatchObject({ approval: { quorum: 1 }, aboveLimit: null });
  });
});

/** A registry with one command, which moves an amount. */
function withAmount(type: `${string}.${string}`, risk: RiskClass): Registry {
  const command = defineCommand({
    type,
    version: 1,
    summary: 'Moves an amount.',
    risk,
    scope: 'inventory.level:adjust',
    environment: 'caller',
    input: v.strictObject({ units: v.number() }),
    output: v.strictObject({}),
    refusals: [],
    load: () => [],
    amount: ({ units }) => units,
    decide: () => accept({ events: [], response: {} }),
  });
  const agentSurface = { summary: 'For tests.' };
  const name = type.slice(0, type.indexOf('.'));
  return createRegistry([
    defineFeature({ name, commands: [command], queries: [], events: [], entities: [], agentSurface }),
  ]);
}
