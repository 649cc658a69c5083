import { decodeBase64url } from '../base64url.ts';
import { encodeHex } from '../hex.ts';
import type { JsonObject } from '../json-value.ts';
import { isKeyValidAt, type ParsedKeySet, parseKeySet } from '../key-set.ts';
import { decodeBase64 } from '../log/base64.ts';
import type { Checkpoint } from '../log/checkpoint.ts';
import { ed25519Verify } from '../log/ed25519-native.ts';
import { cosignatureType, ed25519Type, type NoteKey, type NoteKeyType, parseVerifierKey } from '../log/note-key.ts';
import { encodeText } from '../log/note-text.ts';
import {
  bundleEndFormat,
  bundleFormat,
  type BundleCounts,
  type BundleEnd,
  type BundleHeader,
} from './bundle-format.ts';
import type { BundleFinding } from './bundle-findings.ts';
import { bundleLineCharactersMax } from './bundle-limits.ts';
import { bundleEndBytes } from './bundle-writer.ts';
import { createLeafCheck, type LeafCheck, type VerifiedCheckpoint } from './check-leaves.ts';
import { createReceiptCheck, type ExplainPolicy, type ReceiptCheck } from './check-receipts.ts';
import { type BundleSummary, createFindingList, type FindingList } from './check-state.ts';
import { type ReadLine, readBundleLine } from './read-bundle-line.ts';
import type { RememberedCheckpoint } from './remembered-checkpoint.ts';
import { tenantLogKey } from './tenant-log-key.ts';
import { createRunningSha256 } from './running-sha256-native.ts';

/** Whose word counts. What is null is taken from what was remembered, and otherwise from the bundle itself, which is weaker. */
export interface BundleTrust {
  /** The published key set of receipts, as parsed JSON. */
  readonly receiptKeys: unknown;
  /** Keys of the tenant's log, or of the log of logs, as verifier keys (C2SP signed-note). */
  readonly logKeys: readonly string[] | null;
  /** The origin that the tenant's checkpoints must have. */
  readonly origin?: string | null;
  readonly witnessKeys?: readonly string[];
  readonly witnessQuorum?: number;
}

export type KeySource = 'given' | 'remembered' | 'bundle';

export interface BundleVerification {
  /** True when nothing was found, and the bundle was read to its end. */
  readonly ok: boolean;
  /** In the order of the lines, `bundleFindingsMax` at most. */
  readonly findings: readonly BundleFinding[];
  readonly header: BundleHeader | null;
  readonly summary: Readonly<BundleSummary>;
  /** The newest checkpoint that the receipts lead to. */
  readonly checkpoint: VerifiedCheckpoint | null;
  /** Whether the log was shown to extend the remembered one; null where none was given. */
  readonly extendsRemembered: boolean | null;
  /** Where the keys came from under which everything was checked, and which those of the log were. */
  readonly keys: { readonly receipts: KeySource; readonly log: KeySource; readonly logKeys: readonly string[] };
  /** The key set under which the receipts were checked, as it was given; null when there was none. */
  readonly receiptKeys: unknown;
}

export interface BundleVerificationInput {
  /** The lines without their newlines; `splitLines` makes them of bytes. */
  readonly lines: AsyncIterable<string> | Iterable<string>;
  readonly trust: BundleTrust;
  readonly remembered?: RememberedCheckpoint | null;
  /** Makes policy decisions again. It comes from outside, since the rules are no business of receipts. */
  readonly explainPolicy?: ExplainPolicy | null;
}

/**
 * Checks an audit bundle offline, in one pass and constant memory, however long it is: each receipt (form, hash, key,
 * signature, policy), each event (hash, place, position without gap), the tree from leaf to leaf (RFC 9162 section 2.1),
 * each checkpoint under the keys of the log, that the log extends the remembered one, and that the bundle is whole.
 * Needs no network and no clock, and runs in a browser. Throws only what reading `lines` throws.
 */
export async function verifyBundle(input: BundleVerificationInput): Promise<BundleVerification> {
  const pass = createPass(input);
  for await (const text of input.lines) {
    pass.line(text);
    if (pass.isOver()) break;
  }
  return pass.finish();
}

interface Checks {
  readonly header: BundleHeader;
  readonly keySet: ParsedKeySet;
  readonly leaves: LeafCheck;
  readonly receipts: ReceiptCheck;
}

interface Pass {
  line(text: string): void;
  /** Nothing that follows could be understood, or reported. */
  isOver(): boolean;
  finish(): BundleVerification;
}

function createPass({ trust, remembered = null, explainPolicy = null }: BundleVerificationInput): Pass {
  let lines = 0;
  const list = createFindingList(() => lines);
  const summary: BundleSummary = {
    receipts: 0,
    events: 0,
    leaves: 0,
    checkpoints: 0,
    policies: 0,
    keyIds: new Map(),
    doubts: new Map(),
  };
  const hash = createRunningSha256();
  let header: BundleHeader | null = null;
  let checks: Checks | null = null;
  let hasTree = false;
  let checkpointLines = 0;
  let end: Extract<ReadLine, { kind: 'end' }> | null = null;
  let endHash = '';
  let isUnreadable = false;
  let receiptKeys: unknown = trust.receiptKeys ?? remembered?.receiptKeys ?? null;
  const keys = {
    receipts: sourceOf(trust.receiptKeys, remembered),
    log: sourceOf(trust.logKeys, remembered),
    logKeys: trust.logKeys ?? remembered?.logKeys ?? [],
  };

  function giveUp(finding: Parameters<FindingList['add']>[0]): void {
    list.add(finding);
    isUnreadable = true;
  }

  function begin(read: Extract<ReadLine, { kind: 'header' }>): void {
    if (read.header.format !== bundleFormat) {
      return giveUp({ code: 'unknown_format', field: 'format', detail: `only ${bundleFormat} is known` });
    }
    header = { ...read.header, format: bundleFormat };
    if (keys.log === 'bundle') keys.logKeys = header.logKeys;
    const { origin } = trust;
    if (origin !== undefined && origin !== null && origin !== header.origin) {
      list.add({ code: 'wrong_origin', field: 'origin', detail: `${origin} was asked for` });
    }
  }

  /** With the keys everything is there that the checks need. */
  function prepare(read: Extract<ReadLine, { kind: 'keys' }>, about: BundleHeader): void {
    receiptKeys ??= read.keys;
    const keySet = parseKeySet(receiptKeys);
    if (!keySet.ok) return giveUp({ code: 'malformed_key_set', field: 'keys', detail: keySet.detail });
    const logKeys = readKeys(keys.logKeys, ed25519Type)?.map((key) => tenantLogKey(key, about.tenantId));
    const witnessKeys = readKeys(trust.witnessKeys ?? [], cosignatureType);
    if (logKeys === undefined || witnessKeys === undefined) {
      return giveUp({ code: 'malformed_trust', field: 'logKeys', detail: 'a key is not a verifier key of its type' });
    }
    if (logKeys.length === 0) {
      return giveUp({ code: 'log_key_missing', field: 'logKeys', detail: 'neither given nor in the bundle' });
    }
    const policy = { origin: about.origin, logKeys, witnessKeys, witnessQuorum: trust.witnessQuorum ?? 0 };
    const before: Checkpoint | null = remembered?.checkpoint ?? null;
    checks = {
      header: about,
      keySet,
      leaves: createLeafCheck({ header: about, policy, remembered: before, list, summary }),
      receipts: createReceiptCheck({ header: about, keySet, explainPolicy, list, summary }),
    };
  }

  function line(text: string): void {
    lines += 1;
    if (text.length > bundleLineCharactersMax) {
      return giveUp({ code: 'line_too_long', field: '', detail: `more than ${bundleLineCharactersMax} characters` });
    }
    const read = readBundleLine(text);
    if (end !== null) return giveUp({ code: 'unexpected_line', field: '', detail: 'something stands behind the end' });
    // The hash of everything before the end: the end itself is no part of it, and signs it.
    if (read?.kind === 'end') {
      endHash = `sha256:${encodeHex(hash.digest())}`;
      end = read;
      return;
    }
    hash.update(encodeText(`${text}\n`));
    if (read === undefined) {
      list.add({ code: 'malformed_line', field: '', detail: text.slice(0, 80) });
      if (checks === null) isUnreadable = true;
      return;
    }
    take(read);
  }

  function take(read: Exclude<ReadLine, { kind: 'end' }>): void {
    const wanted = header === null ? 'header' : checks === null ? 'keys' : hasTree ? null : 'tree';
    const isBeginning = read.kind === 'header' || read.kind === 'keys' || read.kind === 'tree';
    if (wanted === null ? isBeginning : read.kind !== wanted) {
      const detail = `${read.kind}, where ${wanted ?? 'a leaf, an event or a checkpoint'} was due`;
      return wanted === null
        ? list.add({ code: 'unexpected_line', field: 'kind', detail })
        : giveUp({ code: 'unexpected_line', field: 'kind', detail });
    }
    if (read.kind === 'header') return begin(read);
    if (read.kind === 'keys') return header === null ? undefined : prepare(read, header);
    if (checks === null) return;
    const { leaves, receipts } = checks;
    if (read.kind === 'tree') {
      hasTree = true;
      return leaves.begin(read);
    }
    if (read.kind === 'consistency') return leaves.consistency(read);
    if (read.kind === 'receipt') return leaves.leaf(read.leafIndex, receipts.receipt(read));
    if (read.kind === 'event') return receipts.event(read);
    if (read.kind === 'leaf') {
      receipts.leaf(read);
      return leaves.leaf(read.leafIndex, read.hash);
    }
    receipts.close();
    checkpointLines += 1;
    leaves.checkpoint(read);
  }

  function finish(): BundleVerification {
    checks?.receipts.close();
    const checkpoint = isUnreadable || list.isFull() ? null : (checks?.leaves.finish() ?? null);
    if (!isUnreadable && !list.isFull()) finishEnd();
    return {
      ok: list.findings.length === 0,
      findings: list.findings,
      header,
      summary,
      checkpoint,
      extendsRemembered: remembered && (checks?.leaves.extendsRemembered() ?? false),
      keys: { ...keys },
      receiptKeys,
    };
  }

  function finishEnd(): void {
    if (end === null || checks === null) {
      return list.add({ code: 'truncated', field: '', detail: `${lines} lines, and no end` });
    }
    const { receipts, events, leaves } = summary;
    const counts = { receipts, events, leaves, checkpoints: checkpointLines, lines: lines - 1 };
    const { statement, signature } = end;
    if (!isSameCounts(statement.counts, counts)) {
      const detail = `${JSON.stringify(counts)} were read, and ${JSON.stringify(statement.counts)} stand there`;
      list.add({ code: 'counts_mismatch', field: 'statement.counts', detail });
    }
    if (statement.hash !== endHash) {
      list.add({ code: 'bundle_hash_mismatch', field: 'statement.hash', detail: `what was read has ${endHash}` });
    }
    const fault = signatureFault({ statement, signature, checks });
    if (fault !== null) list.add({ code: 'bundle_unsigned', field: 'signature', detail: fault });
  }

  return { line, isOver: () => isUnreadable || list.isFull(), finish };
}

function signatureFault(end: {
  readonly statement: BundleEnd;
  readonly signature: JsonObject;
  readonly checks: Checks;
}): string | null {
  const { statement, checks } = end;
  const { algorithm, keyId, value } = end.signature;
  const { header, keySet } = checks;
  if (statement.format !== bundleEndFormat) return `only ${bundleEndFormat} is known`;
  if (statement.tenantId !== header.tenantId || statement.madeAt !== header.madeAt) return 'it is of another bundle';
  const key = keySet.ok ? keySet.keys.find(({ publicJwk }) => publicJwk.kid === keyId) : undefined;
  if (key === undefined || algorithm !== 'Ed25519') return 'the key set does not hold its key';
  if (!isKeyValidAt(key, statement.madeAt)) return 'its key was not valid when the bundle was made';
  const signature = typeof value === 'string' ? decodeBase64(value) : undefined;
  const publicKey = decodeBase64url(key.publicJwk.x);
  if (signature === undefined || publicKey === undefined) return 'its signature is malformed';
  const isSigned = ed25519Verify({ bytes: bundleEndBytes(statement), publicKey, signature });
  return isSigned ? null : 'its signature does not hold';
}

function isSameCounts(one: BundleCounts, other: BundleCounts): boolean {
  return (Object.keys(other) as (keyof BundleCounts)[]).every((name) => one[name] === other[name]);
}

function sourceOf(given: unknown, remembered: RememberedCheckpoint | null): KeySource {
  if (given !== null && given !== undefined) return 'given';
  return remembered === null ? 'bundle' : 'remembered';
}

function readKeys(texts: readonly string[], type: NoteKeyType): readonly NoteKey[] | undefined {
  const read = texts.map(parseVerifierKey);
  return read.every((key) => key?.type === type) ? (read as readonly NoteKey[]) : undefined;
}
