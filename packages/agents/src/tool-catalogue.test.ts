import { describe, expect, test } from 'bun:test';
import { type Caller, registry, resolveCapabilities } from '@karmanflow/commands';
import { actorTypes, defaultTenantPolicy, roles } from '@karmanflow/policy';
import { toolCatalogue } from './tool-catalogue.ts';

const agent: Caller = {
  tenantId: 'tnt_0192c7a0-5b1e-7c3d-8a4f-6e5d4c3b2a19',
  environmentId: 'env_0192c7a0-5b1e-7c3d-8a4f-6e5d4c3b2a1a',
  environment: { kind: 'SANDBOX', status: 'ACTIVE' },
  actor: { type: 'AGENT', id: 'prn_0192c7a0-5b1e-7c3d-8a4f-6e5d4c3b2a1b', onBehalfOf: null },
  credential: null,
  scopes: new Set(roles.operator),
  controlScopes: new Set(),
  roles: ['operator'],
  controlRoles: [],
  riskCeiling: 'R3',
  loginAgeSeconds: null,
  tenantPolicy: defaultTenantPolicy,
};

const namesOf = (change: Partial<Caller>): string[] =>
  toolCatalogue(registry, { ...agent, ...change }).map((tool) => tool.name);

describe('the tool catalogue', () => {
  test('offers what policy allows, marks what pauses, and leaves out what is denied', () => {
    const tools = new Map(toolCatalogue(registry, agent).map((tool) => [tool.name, tool]));
    expect(tools.get('reservation_create')).toMatchObject({ risk: 'R1', availability: 'allowed' });
    expect(tools.get('reservation_cancel')).toMatchObject({ risk: 'R2', availability: 'needs_approval' });
    expect(tools.get('inventory_levels')).toMatchObject({ risk: 'R0', annotations: { readOnlyHint: true } });
    // Votes are for humans; bootstrapping a tenant is for nobody outside.
    expect(tools.has('approval_approve')).toBe(false);
    expect(tools.has('access_bootstrap_tenant')).toBe(false);
  });

  test('is what everybody is told of the caller, without what is denied', () => {
    const told = resolveCapabilities(registry, agent)
      .filter(({ places }) => places.some(({ availability }) => availability !== 'denied'))
      .map(({ type }) => type.replace('.', '_'));
    expect(told.length).toBeGreaterThan(5);
    expect(namesOf({})).toEqual(told);
  });

  test('offers what concerns the tenant by what was granted there, and by nothing else', () => {
    const scopes = new Set(roles.administrator);
    expect(namesOf({ scopes })).not.toContain('access_tenant');
    expect(namesOf({ scopes: new Set(), controlScopes: scopes })).toContain('access_tenant');
  });

  test('no agent is offered more than the same scopes give a human', () => {
    const offered = (type: (typeof actorTypes)[number]) => new Set(namesOf({ actor: { ...agent.actor, type } }));
    const human = offered('USER');
    expect(human.size).toBeGreaterThan(5);
    for (const type of actorTypes) for (const name of offered(type)) expect(human.has(name)).toBe(true);
  });

  test('nothing is offered without scopes, above the ceiling, or in an archived environment', () => {
    expect(namesOf({ scopes: new Set() })).toEqual([]);
    expect(namesOf({ environment: { kind: 'SANDBOX', status: 'ARCHIVED' } })).toEqual([]);
    expect(namesOf({ riskCeiling: 'R0' })).not.toContain('reservation_create');
    expect(namesOf({ riskCeiling: 'R0' })).toContain('inventory_levels');
  });

  test('every schema is closed, and made once', () => {
    const tools = toolCatalogue(registry, { ...agent, actor: { ...agent.actor, type: 'USER' } });
    const again = new Map(toolCatalogue(registry, agent).map(({ name, inputSchema }) => [name, inputSchema]));
    expect(again.size).toBeGreaterThan(5);
    for (const { name, inputSchema } of tools) {
      expect({ name, closed: (inputSchema as Record<string, unknown>)['additionalProperties'] }).toEqual({
        name,
        closed: false,
      });
      if (again.has(name)) expect(again.get(name)).toBe(inputSchema);
    }
  });
});
