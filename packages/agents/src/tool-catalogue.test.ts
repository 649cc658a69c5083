import { describe, expect, test } from 'bun:test';
import { registry } from '@karmanflow/commands';
import { actorTypes, type PolicyActor, roles } from '@karmanflow/policy';
import { toolCatalogue } from './tool-catalogue.ts';

const environment = { kind: 'SANDBOX', status: 'ACTIVE' } as const;
const agent: PolicyActor = { type: 'AGENT', scopes: new Set(roles.operator), riskCeiling: 'R3' };

describe('the tool catalogue', () => {
  test('offers what policy allows, marks what pauses, and leaves out what is denied', () => {
    const tools = new Map(toolCatalogue(registry, { actor: agent, environment }).map((tool) => [tool.name, tool]));
    expect(tools.get('reservation_create')).toMatchObject({ risk: 'R1', availability: 'allow' });
    expect(tools.get('reservation_cancel')).toMatchObject({ risk: 'R2', availability: 'needs_approval' });
    expect(tools.get('inventory_levels')).toMatchObject({ risk: 'R0', annotations: { readOnlyHint: true } });
    // Revoking a key is for humans; bootstrapping a tenant is for nobody outside.
    expect(tools.has('access_revoke_api_key')).toBe(false);
    expect(tools.has('access_bootstrap_tenant')).toBe(false);
  });

  test('no agent is offered more than the same scopes give a human', () => {
    const offered = (type: (typeof actorTypes)[number]) =>
      new Set(toolCatalogue(registry, { actor: { ...agent, type }, environment }).map((tool) => tool.name));
    const human = offered('USER');
    expect(human.size).toBeGreaterThan(5);
    for (const type of actorTypes) for (const name of offered(type)) expect(human.has(name)).toBe(true);
  });

  test('nothing is offered without scopes, above the ceiling, or in an archived environment', () => {
    const names = (actor: PolicyActor, status: 'ACTIVE' | 'ARCHIVED' = 'ACTIVE') =>
      toolCatalogue(registry, { actor, environment: { kind: 'SANDBOX', status } }).map((tool) => tool.name);
    expect(names({ ...agent, scopes: new Set() })).toEqual([]);
    expect(names(agent, 'ARCHIVED')).toEqual([]);
    expect(names({ ...agent, riskCeiling: 'R0' })).not.toContain('reservation_create');
    expect(names({ ...agent, riskCeiling: 'R0' })).toContain('inventory_levels');
  });

  test('every schema is closed: an unknown argument is an error in it', () => {
    const tools = toolCatalogue(registry, { actor: { ...agent, type: 'USER' }, environment });
    for (const { name, inputSchema } of tools) {
      expect({ name, closed: (inputSchema as Record<string, unknown>)['additionalProperties'] }).toEqual({
        name,
        closed: false,
      });
    }
  });
});
