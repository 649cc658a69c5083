import { canonicalBytesWithin } from '../canonical-bytes.ts';
import { encodeHex } from '../hex.ts';
import { isJsonObject } from '../inert-json.ts';
import type { JsonObject, JsonValue } from '../json-value.ts';
import type { ParsedKeySet } from '../key-set.ts';
import { receiptDocumentBytesMax } from '../limits.ts';
import { bytesEqual } from '../log/is-hash.ts';
import { leafHash } from '../log/merkle-hash.ts';
import { sha256 } from '../log/sha256-native.ts';
import type { ReceiptBody } from '../receipt-body.ts';
import { readReceiptDocument } from '../receipt-document.ts';
import { type ReceiptVerificationCode, verifyClaim } from '../verify-receipt.ts';
import type { BundleHeader } from './bundle-format.ts';
import type { BundleSummary, FindingList, OpenReceipt } from './check-state.ts';
import type { ReadLine } from './read-bundle-line.ts';

/** What a repeated decision came to: whether it is the recorded one, and in words why not. */
export interface PolicyExplanation {
  readonly agrees: boolean;
  readonly detail: string;
  /** Why it proves less than it seems to; a few fixed sentences. */
  readonly doubts: readonly string[];
}

/** Makes a decision again from what a receipt records of it. Never throws, whatever it is given. */
export type ExplainPolicy = (recorded: unknown) => PolicyExplanation;

export interface ReceiptCheckParts {
  readonly header: Omit<BundleHeader, 'format'>;
  readonly keySet: ParsedKeySet;
  readonly explainPolicy: ExplainPolicy | null;
  readonly list: FindingList;
  readonly summary: BundleSummary;
}

/** Checks receipts and their events one by one; keeps the last receipt, and the last position of each environment. */
export interface ReceiptCheck {
  /** The hash of its leaf, made anew. */
  receipt(line: Extract<ReadLine, { kind: 'receipt' }>): Uint8Array;
  event(line: Extract<ReadLine, { kind: 'event' }>): void;
  leaf(line: Extract<ReadLine, { kind: 'leaf' }>): void;
  /** No more events of the last receipt will come. */
  close(): void;
}

/** The field that each reason to refuse a receipt is about. */
const fields: Readonly<Record<ReceiptVerificationCode, string>> = {
  too_large: 'document',
  malformed_document: 'document',
  unknown_format: 'receipt.format',
  malformed_receipt: 'receipt',
  hash_mismatch: 'hash',
  malformed_key_set: 'keys',
  unknown_key: 'signature.keyId',
  key_not_valid_at_completion: 'receipt.completedAt',
  signature_invalid: 'signature.value',
};

export function createReceiptCheck({ header, keySet, explainPolicy, list, summary }: ReceiptCheckParts): ReceiptCheck {
  const environments = new Set(header.environments);
  const positions = new Map<string, number>();
  let open: OpenReceipt | null = null;

  function close(): void {
    const { body, leafIndex, seen } = open ?? { body: null, leafIndex: 0, seen: 0 };
    open = null;
    if (body === null || !header.hasEvents) return;
    for (let at = seen; at < body.events.length; at += 1) {
      const detail = `${body.events[at]?.id}`;
      list.add({ code: 'event_missing', leafIndex, receiptId: body.receiptId, field: `receipt.events[${at}]`, detail });
    }
  }

  function receipt(line: Extract<ReadLine, { kind: 'receipt' }>): Uint8Array {
    close();
    const { leafIndex } = line;
    summary.receipts += 1;
    if (leafIndex < header.fromLeaf || leafIndex >= header.toLeaf) {
      list.add({ code: 'unexpected_line', leafIndex, field: 'leafIndex', detail: 'a receipt outside of the range' });
    }
    const parsed = readReceiptDocument(line.document);
    if (!parsed.ok) {
      const { code, detail } = parsed;
      list.add({ code, leafIndex, receiptId: idIn(line.document), field: fields[code], detail });
      return line.leafHash;
    }
    const { receipt: body } = parsed.document;
    const of = { leafIndex, receiptId: body.receiptId };
    const verified = verifyClaim(parsed, () => keySet);
    if (verified.ok) summary.keyIds.set(verified.keyId, (summary.keyIds.get(verified.keyId) ?? 0) + 1);
    else list.add({ ...of, code: verified.code, field: fields[verified.code], detail: verified.detail });
    const own = leafHash(parsed.claimed.bytes);
    if (!bytesEqual({ left: own, right: line.leafHash })) {
      list.add({ ...of, code: 'leaf_hash_mismatch', field: 'leafHash', detail: 'the log has another hash here' });
    }
    checkPlace(body, of);
    if (explainPolicy !== null) checkPolicy(body, of, explainPolicy);
    if (!hasEventList(body)) {
      list.add({ ...of, code: 'malformed_receipt', field: 'receipt.events', detail: 'not a list of events' });
      return own;
    }
    open = { leafIndex, body, seen: 0 };
    return own;
  }

  function checkPlace(body: ReceiptBody, of: { readonly leafIndex: number; readonly receiptId: string }): void {
    if (body.tenantId !== header.tenantId) {
      list.add({ ...of, code: 'wrong_tenant', field: 'receipt.tenantId', detail: String(body.tenantId).slice(0, 64) });
    }
    if (!environments.has(body.environmentId)) {
      const detail = String(body.environmentId).slice(0, 64);
      list.add({ ...of, code: 'wrong_environment', field: 'receipt.environmentId', detail });
    }
  }

  function checkPolicy(
    body: ReceiptBody,
    of: { readonly leafIndex: number; readonly receiptId: string },
    explain: ExplainPolicy,
  ): void {
    const { agrees, detail, doubts } = explain(body.policy);
    summary.policies += 1;
    for (const doubt of doubts) summary.doubts.set(doubt, (summary.doubts.get(doubt) ?? 0) + 1);
    if (!agrees) list.add({ ...of, code: 'policy_disagrees', field: 'receipt.policy.decision', detail });
  }

  function event(line: Extract<ReadLine, { kind: 'event' }>): void {
    const { leafIndex, seq } = line;
    summary.events += 1;
    if (open === null || open.leafIndex !== leafIndex) {
      const detail = 'it does not stand behind its receipt';
      return list.add({ code: 'event_unexpected', leafIndex, field: 'event', detail });
    }
    const { body, seen } = open;
    const of = { leafIndex, receiptId: body.receiptId };
    const named = body.events[seen];
    if (named === undefined) {
      return list.add({ ...of, code: 'event_unexpected', field: 'event', detail: `the receipt names ${seen}` });
    }
    open.seen += 1;
    const field = `receipt.events[${seen}]`;
    const canonical = canonicalBytesWithin({ value: line.event, bytesMax: 2 * receiptDocumentBytesMax });
    const hash = canonical.ok ? `sha256:${encodeHex(sha256(canonical.bytes))}` : '';
    if (hash !== named.hash) list.add({ ...of, code: 'event_hash_mismatch', field: `${field}.hash`, detail: named.id });
    const expected: readonly (readonly [string, JsonValue])[] = [
      ['eventId', named.id],
      ['eventType', named.type],
      ['receiptId', body.receiptId],
      ['tenantId', body.tenantId],
      ['environmentId', body.environmentId],
      ['ordinal', seen],
    ];
    for (const [name, value] of expected) {
      if (line.event[name] === value) continue;
      list.add({ ...of, code: 'event_field_mismatch', field: `event.${name}`, detail: `${value} was due` });
    }
    checkPosition(seq, { ...of, environmentId: body.environmentId });
  }

  function checkPosition(
    seq: number | null,
    {
      environmentId,
      ...of
    }: { readonly leafIndex: number; readonly receiptId: string; readonly environmentId: string },
  ): void {
    const before = positions.get(environmentId) ?? (header.fromLeaf === 0 ? 0 : null);
    if (seq === null || (before !== null && seq !== before + 1)) {
      const detail = `${before === null ? 'a position' : before + 1} was due, and ${seq ?? 'none'} is there`;
      list.add({ ...of, code: 'event_out_of_order', field: 'seq', detail });
    }
    if (seq !== null) positions.set(environmentId, seq);
  }

  function leaf({ leafIndex, environmentId }: Extract<ReadLine, { kind: 'leaf' }>): void {
    close();
    summary.leaves += 1;
    const isDue = leafIndex >= header.fromLeaf && leafIndex < header.toLeaf && environments.has(environmentId);
    if (!isDue) return;
    list.add({ code: 'receipt_missing', leafIndex, field: 'document', detail: `the receipt of leaf ${leafIndex}` });
  }

  return { receipt, event, leaf, close };
}

/** Whoever signed the body vouches for its shape; one that is not signed soundly may hold anything. */
function hasEventList(body: ReceiptBody): boolean {
  // The declared type is what was signed, and here that is what is in question.
  const events = (body as unknown as JsonObject)['events'];
  return (
    Array.isArray(events) &&
    events.every(
      (one: JsonValue) =>
        isJsonObject(one) && [one['id'], one['type'], one['hash']].every((member) => typeof member === 'string'),
    )
  );
}

function idIn(document: JsonObject): string | null {
  const receipt = document['receipt'];
  const id = isJsonObject(receipt) ? receipt['receiptId'] : undefined;
  return typeof id === 'string' ? id.slice(0, 64) : null;
}
