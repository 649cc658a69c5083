import { canonicalBytes, type JsonValue, sha256Hex } from '@karmanflow/receipts';
import type { BootstrapRequest } from '../access/index.ts';

/** SHA-256, in hex, of the RFC 8785 canonical JSON of a request for a tenant. */
export function requestHashOf(request: BootstrapRequest): string {
  // A request that its shape parsed is JSON: text, lists and whole numbers, and nothing that is undefined.
  return sha256Hex(canonicalBytes(request as unknown as JsonValue));
}
