import type { JsonObject, JsonValue } from './json-value.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The value of canonical bytes, as fresh data that nobody else holds. Checks are made on it and it is what is
 * returned, so a caller cannot change, by a getter or afterwards, what was checked. Throws for bytes that are not JSON.
 */
export function parseJsonBytes(bytes: Uint8Array): JsonValue {
  // JSON.parse returns JSON values only; its declared type predates `unknown`.
  return JSON.parse(decoder.decode(bytes)) as JsonValue;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
