import {
  parseTenantPolicy,
  riskClasses,
  type RoleName,
  roles,
  scopePattern,
  type TenantPolicy,
  tenantPolicyLimits,
} from '@karmanflow/policy';
import { limits } from '@karmanflow/schema';
import * as v from 'valibot';

/** The SHA-256 of a secret that only its holder knows, as base64. */
export const secretHashShape: v.GenericSchema<string, string> = v.pipe(
  v.string(),
  v.base64('must be base64'),
  v.check((text) => Buffer.from(text, 'base64').length === 32, 'must be the 32 bytes of a SHA-256'),
  v.examples(['47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=']),
);

/** Lower-case hex SHA-256 of issuer, line feed, subject. */
export const identityHashShape: v.GenericSchema<string, string> = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex'),
  v.examples(['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']),
);

export const roleShape: v.GenericSchema<unknown, string> = v.picklist(
  // The names of a record are its keys, which Object.keys widens to string[].
  Object.keys(roles) as RoleName[],
  'must be a known role',
);

export const keyScopesShape: v.GenericSchema<string[], string[]> = v.pipe(
  v.array(v.pipe(v.string(), v.maxLength(limits.textLength), v.regex(scopePattern, 'must be domain.entity:verb'))),
  v.maxLength(limits.scopesPerKey),
  v.examples([['inventory.level:read']]),
);

export const riskCeilingShape = v.picklist(riskClasses);

const whole = (range: { min: number; max: number }) =>
  v.pipe(v.number(), v.integer('must be a whole number'), v.minValue(range.min), v.maxValue(range.max));
const byCommand = <Value extends v.GenericSchema>(value: Value) =>
  v.record(
    v.pipe(
      v.string(),
      v.maxLength(limits.textLength),
      v.regex(/^[a-z][a-z0-9_]{0,63}\.[a-z][a-z0-9_]{0,63}$/, 'must be feature.command'),
    ),
    value,
  );

const policyObject = v.strictObject({
  approvalTtlSeconds: whole({
    min: tenantPolicyLimits.approvalTtlMinSeconds,
    max: tenantPolicyLimits.approvalTtlMaxSeconds,
  }),
  loginMaxAgeSeconds: whole({
    min: tenantPolicyLimits.loginMaxAgeMinSeconds,
    max: tenantPolicyLimits.loginMaxAgeMaxSeconds,
  }),
  quorum: byCommand(whole({ min: 1, max: tenantPolicyLimits.quorumMax })),
  approverRoles: byCommand(v.pipe(v.array(roleShape), v.minLength(1), v.maxLength(tenantPolicyLimits.rolesMax))),
  raiseAbove: byCommand(whole({ min: 0, max: Number.MAX_SAFE_INTEGER })),
});

/** The whole policy of a tenant, as it is answered. */
export const tenantPolicyShape: v.GenericSchema<unknown, TenantPolicy> = policyObject;

/** What somebody wants to settle: each setting that is named replaces the one before as a whole. */
export const tenantSettingsShape: v.GenericSchema<unknown, TenantSettings> = v.pipe(
  v.partial(policyObject),
  v.check((settings) => parseTenantPolicy(settings) !== null, 'must be settings within their bounds'),
);
export type TenantSettings = { readonly [Setting in keyof TenantPolicy]?: TenantPolicy[Setting] | undefined };
