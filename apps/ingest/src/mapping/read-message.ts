import * as v from 'valibot';
import type { Mapping, MessageResult } from './mapping.ts';
import { orderCreated } from './order-created.ts';
import { readJson } from './read-json.ts';

const mappings: ReadonlyMap<string, Mapping> = new Map([orderCreated].map((mapping) => [mapping.messageType, mapping]));
const envelope = v.object({ type: v.string() });

/** Reads the body of a verified message: JSON with a `type` that is known and the shape of that type. */
export function readMessage(body: Uint8Array): MessageResult {
  const json = readJson(body);
  if (!json.ok) return { ok: false, detail: json.detail, issues: [] };
  const typed = v.safeParse(envelope, json.value);
  if (!typed.success) return { ok: false, detail: 'the body is not an object with a type', issues: [] };
  const mapping = mappings.get(typed.output.type);
  if (mapping) return mapping.read(json.value);
  const known = [...mappings.keys()].join(', ');
  return {
    ok: false,
    detail: 'messages of this type are not processed',
    issues: [{ path: 'type', message: `must be ${known}` }],
  };
}
