import { defaultTenantPolicy, parseTenantPolicy, type TenantPolicy, tenantPolicyText } from '@karmanflow/policy';
import type { Registry } from '../../definition/registry.ts';
import type { TenantSettings } from './shapes.ts';

/**
 * A tenant's policy from its stored text, or the default where it settled nothing. Throws on text that this build cannot
 * read, for example a role that only a later one knows: a stricter rule must never give way to the default unseen.
 */
export function policyFromText(settings: string | null): TenantPolicy {
  if (settings === null) return defaultTenantPolicy;
  const policy = parseTenantPolicy(settings);
  if (policy === null) throw new Error('the stored policy of a tenant cannot be read by this build');
  return policy;
}

/** For whoever settles it anew: what cannot be read is begun again from the default. */
export function policyToChange(settings: string | null): TenantPolicy {
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
