import { defaultTenantPolicy, parseTenantPolicy, type TenantPolicy, tenantPolicyText } from '@karmanflow/policy';
import type { Registry } from '../../definition/registry.ts';
import type { TenantSettings } from './shapes.ts';

/** A tenant's policy from its stored text; what cannot be read, or was never settled, is the default. */
export function policyFromText(settings: string | null): TenantPolicy {
  return (settings === null ? null : parseTenantPolicy(settings)) ?? defaultTenantPolicy;
}

/** The policy with some settings replaced, and its canonical text. Throws on settings that their shape would refuse. */
export function settledPolicy(before: TenantPolicy, settings: TenantSettings): { policy: TenantPolicy; text: string } {
  const named = Object.entries(settings).filter(([, value]) => value !== undefined);
  const policy = parseTenantPolicy({ ...before, ...Object.fromEntries(named) });
  if (policy === null) throw new Error('settings that were parsed do not make a policy');
  return { policy, text: tenantPolicyText(policy) };
}

/** Command types that the settings name and no feature has: a setting for one of them would silently mean nothing. */
export function unknownCommandTypes(settings: TenantSettings, registry: Registry): string[] {
  const { quorum = {}, approverRoles = {}, raiseAbove = {} } = settings;
  const named = new Set([quorum, approverRoles, raiseAbove].flatMap((setting) => Object.keys(setting)));
  return [...named].filter((type) => !registry.commands.has(type)).toSorted();
}
