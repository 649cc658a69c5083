import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { consistencyProof } from '../log/merkle-proof.ts';
import { leafHash } from '../log/merkle-hash.ts';
import { superLogPlace, tenantLogPlace } from '../archive/log-place.ts';
import { formatVerifierKey } from '../log/note-key.ts';
import { createNoteSigner } from '../log/note-signer.ts';
import { parseRememberedCheckpoint, formatRememberedCheckpoint } from './remembered-checkpoint.ts';
import {
  environmentId,
  keySetOf,
  logKey,
  noteOf,
  origin,
  otherEnvironmentId,
  otherLogSigner,
  otherReceiptSigner,
  receiptSigner,
  sampleLeaf,
  sampleLines,
  tenantId,
  treeOf,
} from './testing/sample-bundle.ts';
import { type BundleTrust, type BundleVerificationInput, verifyBundle } from './verify-bundle.ts';

const leaves = Array.from({ length: 13 }, (_, index) => sampleLeaf(index));
const lines = sampleLines({ leaves, checkpointsAt: [4, 9] });
const trust: BundleTrust = { receiptKeys: keySetOf(receiptSigner), logKeys: [logKey], origin };
const trustNobody: BundleTrust = { receiptKeys: null, logKeys: null };
const verify = (some: readonly string[], more: Partial<BundleVerificationInput> = {}) =>
  verifyBundle({ lines: some, trust, ...more });
const rememberedAt = (size: number, from = leaves) => {
  const text = formatRememberedCheckpoint({
    note: noteOf(treeOf(from.slice(0, size))),
    logKeys: [logKey],
    receiptKeys: keySetOf(receiptSigner),
  });
  const read = parseRememberedCheckpoint(text);
  if (!read) throw new Error('not read again');
  return read;
};
/** Changes one member somewhere inside the line of a leaf. */
function changed(kind: string, leafIndex: number, change: (line: never) => void): string[] {
  let isFound = false;
  const result = lines.map((text) => {
    const line = JSON.parse(text);
    if (isFound || line.kind !== kind || line.leafIndex !== leafIndex) return text;
    isFound = true;
    change(line as never);
    return JSON.stringify(line);
  });
  if (!isFound) throw new Error(`no ${kind} at ${leafIndex}`);
  return result;
}
const findingsOf = async (some: readonly string[], more: Partial<BundleVerificationInput> = {}) =>
  (await verify(some, more)).findings.map(({ code, field, leafIndex }) => `${code} ${field} ${leafIndex ?? '-'}`);
const indexOfKind = (kind: string, nth = 0): number =>
  lines.flatMap((text, at) => (JSON.parse(text).kind === kind ? [at] : []))[nth] ?? -1;

describe('a bundle', () => {
  test('holds, and says what was looked at', async () => {
    const verified = await verify(lines, {
      explainPolicy: () => ({ agrees: true, detail: '', doubts: ['a doubt'] }),
    });
    expect(verified.findings).toEqual([]);
    expect(verified).toMatchObject({
      ok: true,
      summary: { receipts: 9, events: 13, leaves: 4, checkpoints: 3, policies: 9 },
      checkpoint: { checkpoint: { size: 13n, origin } },
      extendsRemembered: null,
      keys: { receipts: 'given', log: 'given' },
    });
    expect([...verified.summary.keyIds]).toEqual([[receiptSigner.keyId, 9]]);
    expect([...verified.summary.doubts]).toEqual([['a doubt', 9]]);
  });

  test('holds for every range of the log, with the receipts of the range alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(13), fc.nat(13), async (one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const verified = await verify(sampleLines({ leaves, from, to, checkpointsAt: [6] }));
        if (from === 13) expect(verified.findings.map(({ code }) => code)).toEqual(['checkpoint_missing']);
        else expect(verified.findings).toEqual([]);
        const whole = leaves.filter((leaf, at) => at >= from && at < to && leaf.environmentId === environmentId);
        expect(verified.summary.receipts).toBe(whole.length);
      }),
      { numRuns: 20 },
    );
  });

  test('is believed under its own keys only with a word about it', async () => {
    const verified = await verify(lines, { trust: trustNobody });
    expect(verified).toMatchObject({ ok: true, keys: { receipts: 'bundle', log: 'bundle', logKeys: [logKey] } });
    const remembered = await verify(lines, { trust: trustNobody, remembered: rememberedAt(4) });
    expect(remembered).toMatchObject({ ok: true, keys: { receipts: 'remembered', log: 'remembered' } });
  });
});

test('the key of the log of logs is that of every tenant, under another name', async () => {
  const host = 'log.example';
  const place = tenantLogPlace({ host, tenantId });
  const seed = new Uint8Array(32).fill(21);
  const own = createNoteSigner({ name: place.origin, seed });
  const { key } = createNoteSigner({ name: superLogPlace({ host }).origin, seed });
  const some = sampleLines({ leaves, logSigner: own, header: { origin: place.origin, logKeys: [] } });
  const logKeys = [formatVerifierKey(key)];
  expect((await verify(some, { trust: { ...trust, origin: place.origin, logKeys } })).findings).toEqual([]);
  const { key: strange } = createNoteSigner({ name: superLogPlace({ host: 'other.example' }).origin, seed });
  const elsewhere = { ...trust, origin: null, logKeys: [formatVerifierKey(strange)] };
  expect(await findingsOf(some, { trust: elsewhere })).toContain('checkpoint_refused note -');
});

describe('a remembered checkpoint', () => {
  test('is a prefix of the log, wherever the bundle begins before it', async () => {
    for (let size = 1; size <= 13; size += 1) {
      for (const from of [0, size]) {
        const some = from === 13 ? null : sampleLines({ leaves, from, checkpointsAt: [6] });
        if (some)
          expect(await verify(some, { remembered: rememberedAt(size) })).toMatchObject({
            ok: true,
            extendsRemembered: true,
          });
      }
    }
  });

  test('from before the bundle needs a consistency proof', async () => {
    const hashes = leaves.map(({ signed }) => leafHash(signed.bytes));
    const proof = consistencyProof({ size1: 3n, leafHashes: hashes });
    const consistency = { size1: 3, size2: 13, proof };
    const some = sampleLines({ leaves, from: 8, consistency });
    expect(await verify(some, { remembered: rememberedAt(3) })).toMatchObject({ ok: true, extendsRemembered: true });
    expect(await findingsOf(some, { remembered: rememberedAt(4) })).toEqual(['remembered_unreachable firstLeaf -']);
    const without = sampleLines({ leaves, from: 8 });
    expect(await findingsOf(without, { remembered: rememberedAt(3) })).toEqual(['remembered_unreachable firstLeaf -']);
    const forged = leaves.with(1, sampleLeaf(99));
    expect(await findingsOf(some, { remembered: rememberedAt(3, forged) })).toEqual(['forked hash -']);
  });

  test('shows that history was taken back, or rewritten and signed anew', async () => {
    expect(await findingsOf(sampleLines({ leaves: leaves.slice(0, 9) }), { remembered: rememberedAt(12) })).toEqual([
      'rolled_back treeSize -',
    ]);
    const rewritten = sampleLines({ leaves: leaves.with(1, sampleLeaf(21)) });
    // Whoever has all keys can write another history that is sound in itself: only who remembers can tell.
    expect(await findingsOf(rewritten)).toEqual([]);
    expect(await findingsOf(rewritten, { remembered: rememberedAt(7) })).toContain('forked hash -');
    const elsewhere = {
      ...rememberedAt(4),
      checkpoint: { ...rememberedAt(4).checkpoint, origin: 'other.example/log' },
    };
    expect(await findingsOf(lines, { remembered: elsewhere })).toContain('wrong_origin origin -');
  });
});

type Open = Record<string, never> & {
  document: { receipt: Record<string, unknown>; hash: string; signature: Record<string, unknown> };
};

describe('what was tampered with is named', () => {
  test('a receipt that was edited', async () => {
    const edited = changed('receipt', 6, (line: Open) => {
      line.document.receipt['status'] = 'REFUSED';
    });
    const { findings } = await verify(edited);
    expect(findings.map(({ code, field, leafIndex }) => `${code} ${field} ${leafIndex ?? '-'}`)).toEqual([
      'hash_mismatch hash 6',
      'leaf_hash_mismatch leafHash 6',
      // Between the checkpoints of 4 and of 9 leaves.
      'root_mismatch note 4',
      'bundle_hash_mismatch statement.hash -',
    ]);
    expect(findings[0]?.receiptId).toBe('rcp_019b76da-a800-7000-8000-000000000006');
  });

  test('a signature, a key and a validity', async () => {
    const value = Buffer.alloc(64, 1).toString('base64');
    const signed = changed('receipt', 1, (line: Open) => void (line.document.signature['value'] = value));
    expect(await findingsOf(signed)).toEqual([
      'signature_invalid signature.value 1',
      'bundle_hash_mismatch statement.hash -',
    ]);
    const strangers = sampleLines({
      leaves: leaves.slice(0, 1),
      signer: otherReceiptSigner,
      keys: keySetOf(otherReceiptSigner),
    });
    expect(await findingsOf(strangers)).toEqual(['bundle_unsigned signature -']);
    const { keys } = keySetOf(receiptSigner);
    const late = { keys: keys.map((key) => ({ ...key, 'karmanflow:notBefore': '2026-03-01T12:00:00.000Z' })) };
    expect(
      await findingsOf(sampleLines({ leaves: leaves.slice(0, 1) }), { trust: { ...trust, receiptKeys: late } }),
    ).toEqual(['key_not_valid_at_completion receipt.completedAt 0']);
  });

  test('a log that somebody else signed', async () => {
    const swapped = sampleLines({
      leaves,
      logSigner: otherLogSigner,
      header: { logKeys: [formatVerifierKey(otherLogSigner.key)] },
    });
    expect(await findingsOf(swapped)).toEqual(['checkpoint_refused note -', 'checkpoint_missing note -']);
    expect(await findingsOf(swapped, { trust: trustNobody, remembered: rememberedAt(4) })).toContain(
      'checkpoint_refused note -',
    );
  });

  test('receipts, events and leaves that are gone, repeated, or in another order', async () => {
    const without = (from: number, count = 1): string[] => lines.toSpliced(from, count);
    const receiptAt = (leaf: number): number =>
      lines.findIndex((text) => JSON.parse(text).kind === 'receipt' && JSON.parse(text).leafIndex === leaf);
    expect(await findingsOf(without(receiptAt(6), 2))).toContain('leaf_missing leafIndex 6');
    expect(await findingsOf(without(receiptAt(6)))).toContain('event_unexpected event 6');
    expect(await findingsOf(without(receiptAt(7) + 2))).toEqual([
      'event_missing receipt.events[1] 7',
      'event_out_of_order seq 9',
      'counts_mismatch statement.counts -',
      'bundle_hash_mismatch statement.hash -',
    ]);
    const repeated = lines.toSpliced(receiptAt(6), 0, lines[receiptAt(6)] ?? '');
    expect(await findingsOf(repeated)).toContain('leaf_repeated leafIndex 6');
    const swapped = sampleLines({
      leaves: leaves.with(0, leaves[1] ?? sampleLeaf(0)).with(1, leaves[0] ?? sampleLeaf(1)),
    });
    const before = lines[indexOfKind('checkpoint', 2)] ?? '';
    const withRealNote = swapped.map((text) => (JSON.parse(text).kind === 'checkpoint' ? before : text));
    expect(await findingsOf(withRealNote)).toContain('root_mismatch note 0');
    const hidden = sampleLines({
      leaves: leaves.map((leaf, at) => (at === 6 ? { ...leaf, environmentId: otherEnvironmentId } : leaf)),
    });
    const admitted = hidden.map((text) =>
      JSON.parse(text).leafIndex === 6 ? text.replace(otherEnvironmentId, environmentId) : text,
    );
    expect(await findingsOf(admitted)).toContain('receipt_missing document 6');
  });

  test('an event that was edited, moved, or given another position', async () => {
    const edited = changed(
      'event',
      7,
      (line: { event: { data: { delta: number } } }) => void (line.event.data.delta = 1),
    );
    expect(await findingsOf(edited)).toEqual([
      'event_hash_mismatch receipt.events[0].hash 7',
      'bundle_hash_mismatch statement.hash -',
    ]);
    const moved = changed(
      'event',
      7,
      (line: { event: { tenantId: string } }) => void (line.event.tenantId = 'tnt_other'),
    );
    expect(await findingsOf(moved)).toContain('event_field_mismatch event.tenantId 7');
    const jumped = changed('event', 7, (line: { seq: number }) => void (line.seq += 1));
    expect(await findingsOf(jumped)).toContain('event_out_of_order seq 7');
    expect(await findingsOf(changed('event', 7, (line: { seq: number | null }) => void (line.seq = null)))).toContain(
      'event_out_of_order seq 7',
    );
  });

  test('a receipt of somebody else', async () => {
    const header = { tenantId: 'tnt_019b76da-a800-7000-8000-0000000000aa', environments: [otherEnvironmentId] };
    const found = await findingsOf(sampleLines({ leaves: leaves.slice(0, 1), header }));
    expect(found).toEqual(['wrong_tenant receipt.tenantId 0', 'wrong_environment receipt.environmentId 0']);
  });

  test('a decision that its own facts contradict', async () => {
    const explainPolicy = () => ({ agrees: false, detail: 'the facts say deny', doubts: [] });
    const { findings } = await verify(sampleLines({ leaves: leaves.slice(0, 1) }), { explainPolicy });
    expect(findings).toMatchObject([
      { code: 'policy_disagrees', field: 'receipt.policy.decision', detail: 'the facts say deny' },
    ]);
  });

  test('a bundle that was cut short, or continued', async () => {
    expect(await findingsOf(lines.slice(0, -1))).toEqual(['truncated  -']);
    expect(await findingsOf(lines.slice(0, 9))).toContain('truncated  -');
    expect(await findingsOf([...lines, '{}'])).toEqual(['unexpected_line  -']);
    expect(await findingsOf([])).toEqual(['truncated  -']);
  });
});

/** A space between two members changes nothing about the last line, whose own text is not part of any hash. */
function isSameJson(one: string, other: string): boolean {
  try {
    return other === lines.at(-1) && Bun.deepEquals(JSON.parse(one), JSON.parse(other), true);
  } catch {
    return false;
  }
}

describe('hostile input', () => {
  test('is refused, whatever character of whatever line is changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(lines.length - 1),
        fc.nat(),
        fc.string({ minLength: 1, maxLength: 3 }),
        async (at, where, text) => {
          const line = lines[at] ?? '';
          const position = where % line.length;
          const other = `${line.slice(0, position)}${text}${line.slice(position + 1)}`;
          if (other === line || isSameJson(other, line)) return;
          expect((await verify(lines.with(at, other))).ok).toBe(false);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('is refused, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.string(), fc.json(), fc.constantFrom(...lines)), { maxLength: 8 }),
        async (some) => {
          expect((await verify(some)).ok).toBe(false);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('is not read beyond what can be told about it', async () => {
    let read = 0;
    async function* endless(): AsyncGenerator<string> {
      yield* lines.slice(0, 3);
      for (;;) {
        read += 1;
        yield 'nonsense';
      }
    }
    const verified = await verifyBundle({ lines: endless(), trust });
    expect(verified.findings).toHaveLength(100);
    expect(read).toBeLessThan(200);
    expect((await verify(['x'.repeat(700_000)])).findings).toMatchObject([{ code: 'line_too_long' }]);
    expect((await verify([(lines[0] ?? '').replace('bundle/1', 'bundle/2')])).findings).toMatchObject([
      { code: 'unknown_format' },
    ]);
    const withoutKey = sampleLines({ leaves, header: { logKeys: [] } });
    expect(await findingsOf(withoutKey, { trust: trustNobody })).toEqual(['log_key_missing logKeys -']);
    expect(await findingsOf(lines, { trust: { ...trust, logKeys: ['nonsense'] } })).toEqual([
      'malformed_trust logKeys -',
    ]);
    expect(await findingsOf(lines, { trust: { ...trust, receiptKeys: {} } })).toEqual(['malformed_key_set keys -']);
  });
});
