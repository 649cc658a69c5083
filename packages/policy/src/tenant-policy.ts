import { createHash } from 'node:crypto';
import { limits } from '@karmanflow/schema';
import type { TenantPolicy } from './model.ts';
import { isRoleName } from './roles.ts';

/** The bounds of what a tenant may settle. */
export const tenantPolicyLimits = {
  approvalTtlMinSeconds: 60,
  approvalTtlMaxSeconds: 7 * 24 * 60 * 60,
  loginMaxAgeMinSeconds: 60,
  loginMaxAgeMaxSeconds: 12 * 60 * 60,
  quorumMax: 5,
  commandsMax: 100,
  rolesMax: 16,
  textLength: 64 * 1024,
} as const;

const commandTypePattern = /^[a-z][a-z0-9_]{0,63}\.[a-z][a-z0-9_]{0,63}$/;

/** Hashes of the policies that came out of `parseTenantPolicy`: those are frozen all through, so that a hash stays true. */
const known = new WeakMap<object, string>();

/** What holds for a tenant that settled nothing. */
export const defaultTenantPolicy: TenantPolicy = keep({
  approvalTtlSeconds: limits.approvalTtlSeconds,
  loginMaxAgeSeconds: 15 * 60,
  quorum: {},
  approverRoles: {},
  raiseAbove: {},
});

/**
 * Reads a tenant's policy from its JSON text or from a value. What it does not name has its default; one setting that is
 * unknown, out of bounds or of another kind makes the whole of it null. The answer is frozen all through.
 */
export function parseTenantPolicy(given: unknown): TenantPolicy | null {
  try {
    if (typeof given === 'object' && given !== null && known.has(given)) return given as TenantPolicy;
    const value: unknown = typeof given === 'string' ? parseText(given) : given;
    return isRecord(value) ? readSettings(value) : null;
  } catch {
    // A text that is no JSON, or a value whose properties throw when they are read.
    return null;
  }
}

/** The policy as RFC 8785 canonical JSON. With integers and ASCII names alone, that is: keys sorted, no spaces. */
export function tenantPolicyText(policy: TenantPolicy): string {
  return JSON.stringify(sorted(policy));
}

/** SHA-256, in hex, of the policy's canonical JSON: what stands on every receipt. */
export function tenantPolicyHash(policy: TenantPolicy): string {
  return known.get(policy) ?? createHash('sha256').update(tenantPolicyText(policy)).digest('hex');
}

/** How many humans must approve a command of this tenant. */
export function quorumOf(options: { readonly tenantPolicy: TenantPolicy; readonly commandType: string }): number {
  return settingOf(options.tenantPolicy.quorum, options.commandType) ?? 1;
}

/** What a record says of a command; never what it inherits as an object. */
export function settingOf<Value>(record: Readonly<Record<string, Value>>, commandType: string): Value | null {
  return Object.hasOwn(record, commandType) ? (record[commandType] ?? null) : null;
}

function parseText(text: string): unknown {
  return text.length <= tenantPolicyLimits.textLength ? JSON.parse(text) : null;
}

function readSettings(value: Record<string, unknown>): TenantPolicy | null {
  if (!Object.keys(value).every((key) => Object.hasOwn(defaultTenantPolicy, key))) return null;
  const settings: { readonly [Setting in keyof TenantPolicy]: unknown } = { ...defaultTenantPolicy, ...value };
  const { approvalTtlMinSeconds, approvalTtlMaxSeconds, loginMaxAgeMinSeconds, loginMaxAgeMaxSeconds, quorumMax } =
    tenantPolicyLimits;
  const approvalTtlSeconds = readWhole(settings.approvalTtlSeconds, {
    min: approvalTtlMinSeconds,
    max: approvalTtlMaxSeconds,
  });
  const loginMaxAgeSeconds = readWhole(settings.loginMaxAgeSeconds, {
    min: loginMaxAgeMinSeconds,
    max: loginMaxAgeMaxSeconds,
  });
  const quorum = readByCommand(settings.quorum, (votes) => readWhole(votes, { min: 1, max: quorumMax }));
  const approverRoles = readByCommand(settings.approverRoles, readRoles);
  const raiseAbove = readByCommand(settings.raiseAbove, (amount) =>
    readWhole(amount, { min: 0, max: Number.MAX_SAFE_INTEGER }),
  );
  if (approvalTtlSeconds === null || loginMaxAgeSeconds === null) return null;
  if (quorum === null || approverRoles === null || raiseAbove === null) return null;
  return keep({ approvalTtlSeconds, loginMaxAgeSeconds, quorum, approverRoles, raiseAbove });
}

function readWhole(value: unknown, range: { readonly min: number; readonly max: number }): number | null {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return null;
  // Adding zero makes 0 of -0, which JSON does not tell apart.
  return value >= range.min && value <= range.max ? value + 0 : null;
}

/** Known roles, sorted, each once. None at all would leave a command that nobody can approve. */
function readRoles(value: unknown): readonly string[] | null {
  if (!Array.isArray(value) || value.length === 0 || value.length > tenantPolicyLimits.rolesMax) return null;
  const names = [...value].filter(isRoleName);
  return new Set(names).size === value.length ? names.toSorted() : null;
}

function readByCommand<Value>(
  value: unknown,
  read: (one: unknown) => Value | null,
): Readonly<Record<string, Value>> | null {
  if (!isRecord(value)) return null;
  const entries = Object.entries(value);
  if (entries.length > tenantPolicyLimits.commandsMax) return null;
  const settings: Record<string, Value> = {};
  for (const [commandType, one] of entries) {
    const setting = commandTypePattern.test(commandType) ? read(one) : null;
    if (setting === null) return null;
    settings[commandType] = setting;
  }
  return settings;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function keep(policy: TenantPolicy): TenantPolicy {
  for (const roles of Object.values(policy.approverRoles)) Object.freeze(roles);
  for (const setting of [policy.quorum, policy.approverRoles, policy.raiseAbove, policy]) Object.freeze(setting);
  known.set(policy, createHash('sha256').update(tenantPolicyText(policy)).digest('hex'));
  return policy;
}

function sorted(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const names = Object.keys(value).toSorted();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]));
}
