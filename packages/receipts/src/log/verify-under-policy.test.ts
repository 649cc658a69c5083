import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { formatCheckpoint } from './checkpoint.ts';
import { leafHash } from './merkle-hash.ts';
import { inclusionProof, rootHash } from './merkle-proof.ts';
import { formatVerifierKey } from './note-key.ts';
import { cosignCheckpoint, createNoteSigner, signNote } from './note-signer.ts';
import { encodeText } from './note-text.ts';
import {
  checkpointText,
  cosignedAt,
  logSigner,
  manyLeafHashes,
  strangerSigner,
  witnesses,
} from './testing/sample-log.ts';
import { parseTlogPolicy, type TlogPolicy } from './tlog-policy.ts';
import { formatTlogProof } from './tlog-proof.ts';
import { verifyUnderPolicy, verifyWitnessedCheckpoint } from './verify-under-policy.ts';

const [first, second, third] = witnesses;
if (!first || !second || !third) throw new Error('the samples have three witnesses');

/** The log of logs of these tests. */
const whole = createNoteSigner({ name: 'log.example', seed: new Uint8Array(32).fill(8) });

function policyOf(threshold: number): TlogPolicy {
  const lines = witnesses.map(({ key }, at) => `witness w${at} ${formatVerifierKey(key)}\n`).join('');
  const text = `log ${formatVerifierKey(whole.key)}\n${lines}group g ${threshold} w0 w1 w2\nquorum g\n`;
  const result = parseTlogPolicy(text);
  if (!result.ok) throw new Error(result.detail);
  return result.policy;
}

const tenantTexts = Array.from({ length: 20 }, (_, at) => checkpointText(manyLeafHashes(at + 1)));
const leafHashes = tenantTexts.map((text) => leafHash(encodeText(text)));
const text = formatCheckpoint({ origin: 'log.example', size: 20n, root: rootHash(leafHashes) });
const cosigned = (signers: readonly (typeof first)[], over = text): string =>
  signNote({
    text: over,
    signers: [whole],
    signatures: signers.map((signer) => cosignCheckpoint({ text: over, signer, timestampSeconds: cosignedAt })),
  });

describe('a checkpoint under a policy', () => {
  test('is accepted with enough witnesses, which are named with their times', () => {
    const result = verifyUnderPolicy({ note: cosigned([first, third]), policy: policyOf(2) });
    expect(result).toMatchObject({
      ok: true,
      checkpoint: { origin: 'log.example', size: 20n },
      witnesses: [
        { name: 'witness.example/w4', timestampSeconds: cosignedAt },
        { name: 'witness.example/w6', timestampSeconds: cosignedAt },
      ],
    });
  });

  test('is refused with too few, also when one of them signed twice', () => {
    const codeOf = (note: string, threshold: number): unknown => {
      const result = verifyUnderPolicy({ note, policy: policyOf(threshold) });
      return result.ok || result.code;
    };
    expect(codeOf(cosigned([first]), 2)).toBe('witnesses_missing');
    expect(codeOf(cosigned([first, first]), 2)).toBe('witnesses_missing');
    expect(codeOf(cosigned([first, second]), 3)).toBe('witnesses_missing');
    expect(codeOf(cosigned([first, second, third]), 3)).toBe(true);
  });

  test('is refused when a witness signed something else, or the log is not one of the policy', () => {
    const other = formatCheckpoint({ origin: 'log.example', size: 21n, root: rootHash(leafHashes) });
    const moved = signNote({
      text,
      signers: [whole],
      signatures: [cosignCheckpoint({ text: other, signer: first, timestampSeconds: cosignedAt })],
    });
    expect(verifyUnderPolicy({ note: moved, policy: policyOf(1) })).toMatchObject({ code: 'signature_invalid' });
    const unsigned = signNote({
      text,
      signers: [strangerSigner],
      signatures: [cosignCheckpoint({ text, signer: first, timestampSeconds: cosignedAt })],
    });
    expect(verifyUnderPolicy({ note: unsigned, policy: policyOf(1) })).toMatchObject({ code: 'log_signature_missing' });
    const elsewhere = text.replace('log.example', 'log.example.net');
    expect(verifyUnderPolicy({ note: cosigned([first], elsewhere), policy: policyOf(1) })).toMatchObject({
      code: 'wrong_origin',
    });
    const stranger = signNote({ text, signers: [strangerSigner] });
    expect(verifyUnderPolicy({ note: stranger, policy: policyOf(1) })).toMatchObject({ code: 'no_known_signature' });
  });
});

describe('the checkpoint of a tenant', () => {
  const leafIndex = 13n;
  const tenantText = tenantTexts[13] ?? '';
  const note = signNote({ text: tenantText, signers: [logSigner] });
  const proof = formatTlogProof({
    leafIndex,
    proof: inclusionProof({ leafIndex, leafHashes }),
    checkpoint: cosigned([first, second]),
  });

  test('has been seen by the witnesses when it is in the log of logs that they cosigned', () => {
    expect(verifyWitnessedCheckpoint({ note, proof, policy: policyOf(2) })).toMatchObject({
      ok: true,
      checkpoint: { origin: logSigner.key.name, size: 14n },
      whole: { origin: 'log.example', size: 20n },
      witnesses: [{ name: 'witness.example/w4' }, { name: 'witness.example/w5' }],
    });
  });

  test('has not been seen when it is another one, or the witnesses are too few', () => {
    const other = signNote({ text: tenantTexts[12] ?? '', signers: [logSigner] });
    const codeOf = (input: Parameters<typeof verifyWitnessedCheckpoint>[0]): unknown => {
      const result = verifyWitnessedCheckpoint(input);
      return result.ok || result.code;
    };
    expect(codeOf({ note: other, proof, policy: policyOf(2) })).toBe('not_included');
    expect(codeOf({ note, proof, policy: policyOf(3) })).toBe('witnesses_missing');
    expect(codeOf({ note, proof: proof.replace('index 13', 'index 12'), policy: policyOf(2) })).toBe('not_included');
    expect(codeOf({ note: tenantText, proof, policy: policyOf(2) })).toBe('malformed_note');
    expect(codeOf({ note, proof: note, policy: policyOf(2) })).toBe('malformed_proof');
    const noCheckpoint = signNote({ text: 'hello\n', signers: [logSigner] });
    expect(codeOf({ note: noCheckpoint, proof, policy: policyOf(2) })).toBe('malformed_checkpoint');
  });

  test('noise is refused without an error', () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array(), (left, right) => {
        expect(verifyWitnessedCheckpoint({ note: left, proof: right, policy: policyOf(1) }).ok).toBe(false);
        expect(verifyWitnessedCheckpoint({ note, proof: right, policy: policyOf(1) }).ok).toBe(false);
      }),
    );
  });
});
