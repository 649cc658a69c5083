import type { TenantPolicy } from '@karmanflow/policy';
import * as v from 'valibot';
import { accept, defineCommand, refuse } from '../../../definition/command.ts';
import { rowsWhere } from '../../../definition/entity.ts';
import { tenantPolicy } from '../entities/tenant-policy.ts';
import { tenantConfigured } from '../events.ts';
import { policyToChange, settledPolicy, unknownCommandTypes } from '../settled-policy.ts';
import { tenantPolicyShape, tenantSettingsShape } from '../shapes.ts';

export const configureTenant = defineCommand({
  type: 'access.configure_tenant',
  version: 1,
  summary: 'Settles how approvals work in the tenant; settings that are not named stay as they are.',
  risk: 'R3',
  scope: 'access.tenant:configure',
  environment: 'control',
  actorTypes: ['USER'],
  input: v.strictObject({ settings: tenantSettingsShape }),
  output: v.strictObject({ settings: tenantPolicyShape }),
  refusals: ['command_type_unknown'],
  load: (_input, { tenantId }) => [rowsWhere(tenantPolicy, { id: tenantId })],
  decide: (state, { settings }, ctx) => {
    const unknown = unknownCommandTypes(settings, ctx.registry);
    if (unknown.length > 0) return refuse('command_type_unknown', { commandTypes: unknown });
    const before = state.get(tenantPolicy, { id: ctx.tenantId });
    const { policy, text } = settledPolicy(policyToChange(before?.settings ?? null), settings);
    const response: { settings: TenantPolicy } = { settings: policy };
    return accept({ events: [tenantConfigured.of({ tenantId: ctx.tenantId, settings: text })], response });
  },
});
