import { describe, expect, test } from 'bun:test';
import { roles } from '@karmanflow/policy';
import type { Id } from '@karmanflow/schema';
import * as v from 'valibot';
import { registry } from '../../registry.ts';
import { given } from '../../testing/index.ts';
import { tenantConfirmed, tenantRequested } from './events.ts';
import { confirmTenant, createTenant, requestHashOf } from './index.ts';

const request = {
  name: 'Acme',
  environments: [{ name: 'sandbox', kind: 'SANDBOX' as const }],
  principals: [{ handle: 'ada', type: 'USER' as const, roles: ['administrator'] }],
  apiKeys: [],
  ingestSources: [],
};
const tenantId: Id<'tenant'> = 'tnt_00000000-0000-7000-8000-000000000001';
const bootstrapReceiptId: Id<'receipt'> = 'rcp_00000000-0000-7000-8000-000000000777';
const requestHash = requestHashOf(request);
const requested = tenantRequested.of({ tenantId, name: 'Acme', requestHash });

describe('platform.create_tenant', () => {
  test('gives the new tenant its id, and keeps a digest of the request instead of the request', () => {
    expect(given(registry, []).when(createTenant, request)).toEqual({
      kind: 'accept',
      events: [{ type: 'platform.tenant.requested', data: { tenantId, name: 'Acme', requestHash } }],
      response: { tenantId, requestHash },
    });
    expect(requestHash).toMatch(/^[0-9a-f]{64}$/);
    expect(requestHashOf({ ...request, name: 'Other' })).not.toBe(requestHash);
  });

  test('refuses what the new tenant would refuse', () => {
    const settings = { raiseAbove: { 'no.such': 1 } };
    expect(given(registry, []).when(createTenant, { ...request, settings })).toMatchObject({
      code: 'command_type_unknown',
    });
    for (const wrong of [
      { ...request, personName: 'Ada' },
      { ...request, principals: [] },
      { ...request, environments: [{ name: 'control', kind: 'SANDBOX' }] },
    ]) {
      expect(v.is(createTenant.input, wrong)).toBe(false);
    }
    expect(v.is(createTenant.input, request)).toBe(true);
  });

  test('is for people and processes of the platform, in its control environment', () => {
    expect(createTenant).toMatchObject({ risk: 'R1', actorTypes: ['USER', 'SYSTEM'], environment: 'control' });
    expect(roles.platform_operator).toContain('platform.tenant:create');
  });
});

describe('platform.confirm_tenant', () => {
  const confirm = (history: Parameters<typeof given>[1]) =>
    given(registry, history).when(confirmTenant, { tenantId, bootstrapReceiptId });

  test('names the receipt that made the tenant, once', () => {
    expect(confirm([requested])).toEqual({
      kind: 'accept',
      events: [{ type: 'platform.tenant.confirmed', data: { tenantId, bootstrapReceiptId } }],
      response: { tenantId },
    });
    expect(confirm([])).toEqual({ kind: 'refuse', code: 'tenant_not_found', detail: { tenantId } });
    expect(confirm([requested, tenantConfirmed.of({ tenantId, bootstrapReceiptId })])).toEqual({
      kind: 'refuse',
      code: 'tenant_bootstrapped',
      detail: { tenantId },
    });
  });

  test('is internal, and sent by the system alone', () => {
    expect(confirmTenant).toMatchObject({ internal: true, actorTypes: ['SYSTEM'], risk: 'R1' });
  });
});
