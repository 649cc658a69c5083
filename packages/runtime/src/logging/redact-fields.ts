import { createHash } from 'node:crypto';
import { runtimeLimits } from '../runtime-limits.ts';
import { describeError } from './describe-error.ts';
import type { LogFields } from './logger.ts';
import { isIdempotencyKeyName, isSensitiveName } from './sensitive-name.ts';

const redacted = '[redacted]';
const digestCharacters = 12;

/**
 * A copy of the fields that may be written: secrets replaced by name, errors reduced to what is safe, bytes counted, and
 * everything bounded in depth, breadth and length. Whatever is nested deeper than the bound is not written at all.
 */
export function redactFields(fields: LogFields): Record<string, unknown> {
  return redactEntries(Object.entries(fields), 1);
}

function redactEntries(entries: readonly (readonly [string, unknown])[], level: number): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of entries.slice(0, runtimeLimits.logEntriesPerLevel)) {
    kept[name] = redactNamed({ name, value, level });
  }
  if (entries.length > runtimeLimits.logEntriesPerLevel) kept['…'] = entries.length - runtimeLimits.logEntriesPerLevel;
  return kept;
}

function redactNamed(field: { readonly name: string; readonly value: unknown; readonly level: number }): unknown {
  const { name, value, level } = field;
  // Whether there is a secret may be told; `null` and `true` are not secrets.
  if (value === null || value === undefined || typeof value === 'boolean') return value;
  if (isIdempotencyKeyName(name) && typeof value === 'string') return digestOf(value);
  if (isSensitiveName(name)) return redacted;
  return redactValue(value, level);
}

function redactValue(value: unknown, level: number): unknown {
  if (typeof value === 'string') return bounded(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return describeError(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[Invalid Date]' : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (level >= runtimeLimits.logNestingLevels) return '[nested too deep]';
  if (Array.isArray(value)) {
    return value.slice(0, runtimeLimits.logEntriesPerLevel).map((item) => redactValue(item, level + 1));
  }
  if (value instanceof Headers || value instanceof Map) return redactEntries(namedEntries(value), level + 1);
  if (value instanceof URL) return bounded(value.href);
  return redactEntries(Object.entries(value), level + 1);
}

function namedEntries(entries: Iterable<[unknown, unknown]>): [string, unknown][] {
  return [...entries].map(([name, value]) => [String(name), value]);
}

function digestOf(key: string): string {
  return `sha256:${createHash('sha256').update(key).digest('hex').slice(0, digestCharacters)}`;
}

function bounded(text: string): string {
  const charactersMax = runtimeLimits.logTextCharacters;
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax)}…`;
}
