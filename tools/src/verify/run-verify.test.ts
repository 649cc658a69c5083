import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatKeySet, parseRememberedCheckpoint, receiptDocument } from '@karmanflow/receipts';
import { runVerify } from './run-verify.ts';
import {
  hostKey,
  keySet,
  logKey,
  otherSigner,
  sampleBundle,
  sampleLeaf,
  sampleProof,
} from './testing/sample-bundle.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kf-verify-'));
  await write('keys.json', JSON.stringify(keySet));
});
afterAll(() => rm(folder, { recursive: true }));

const placeOf = (name: string): string => join(folder, name);
async function write(name: string, text: string): Promise<string> {
  await Bun.write(placeOf(name), text);
  return placeOf(name);
}
async function run(...words: string[]): Promise<{ readonly exit: number; readonly text: string }> {
  const lines: string[] = [];
  const keep = (text: string): void => void lines.push(text);
  const exit = await runVerify(words, { print: keep, complain: keep });
  return { exit, text: lines.join('\n') };
}
const leaves = Array.from({ length: 5 }, (_, number) => sampleLeaf(number));

describe('a bundle', () => {
  test('is checked under the keys that are given, and what was checked is said', async () => {
    const bundle = await write('whole.jsonl', sampleBundle(leaves));
    const { exit, text } = await run(bundle, '--keys', placeOf('keys.json'), '--log-key', logKey);
    expect(exit).toBe(0);
    for (const said of [
      '5 read: canonical bytes',
      '5 decisions made again',
      '5 receipts lead to 1 signed checkpoints',
    ]) {
      expect(text).toContain(said);
    }
    expect(text).toContain('those of receipts were given, those of the log were given');
    expect(text).not.toContain('✗');
    const alone = await run(bundle);
    expect([alone.exit, alone.text.includes('it vouches for itself')]).toEqual([0, true]);
  });

  test('that was changed anywhere is refused, with the receipt and the field', async () => {
    const text = sampleBundle(leaves);
    const edited = await write('edited.jsonl', text.replace('"data":{"delta":3}', '"data":{"delta":30}'));
    const event = await run(edited);
    expect(event.exit).toBe(1);
    expect(event.text).toContain('✗ events');
    expect(event.text).toContain('rcp_019b76da-a800-7000-8000-000000000003, leaf 3, receipt.events[0].hash, line 11');
    expect(event.text).toContain('must not be believed');
    const contradicted = await write(
      'policy.jsonl',
      sampleBundle([...leaves, sampleLeaf(5, policyBy('somebody_said_so'))]),
    );
    const policy = await run(contradicted);
    expect(policy.text).toContain('policy_disagrees: the facts on the receipt do not lead to the decision');
    expect(policy.text).toContain('leaf 5, receipt.policy.decision');
  });

  test('is checked against what was remembered, which grows with the log and with nothing else', async () => {
    const memory = placeOf('remembered.json');
    const remembered = async () => parseRememberedCheckpoint(await Bun.file(memory).text())?.checkpoint.size;
    const first = await run(await write('first.jsonl', sampleBundle(leaves.slice(0, 3))), '--remember', memory);
    expect([first.exit, await remembered()]).toEqual([0, 3n]);
    expect(first.text).toContain('remembers 3 leaves now, and the keys that came with the bundle');
    const grown = await run(await write('grown.jsonl', sampleBundle(leaves)), '--remember', memory);
    expect([grown.exit, await remembered()]).toEqual([0, 5n]);
    expect(grown.text).toContain('nothing of before was taken back or rewritten');
    for (const [name, others, code] of [
      ['back.jsonl', leaves.slice(0, 4), 'rolled_back'],
      ['forked.jsonl', [sampleLeaf(9), ...leaves.slice(1), sampleLeaf(5)], 'forked'],
    ] as const) {
      const refused = await run(await write(name, sampleBundle(others)), '--remember', memory);
      expect([refused.exit, await remembered()]).toEqual([1, 5n]);
      expect(refused.text).toContain(`${code}: `);
    }
    await write('remembered.json', '{}');
    const damaged = await run(placeOf('grown.jsonl'), '--remember', memory);
    expect([damaged.exit, await Bun.file(memory).text()]).toEqual([2, '{}']);
  });

  test('signed with a key that was exchanged is refused by who was given the published keys', async () => {
    const published = { publicJwk: otherSigner.publicJwk, notBefore: '2026-01-01T00:00:00.000Z', notAfter: null };
    const keys = await write('published.json', JSON.stringify(formatKeySet([published])));
    const { exit, text } = await run(placeOf('whole.jsonl'), keys);
    expect(exit).toBe(1);
    expect(text).toContain('unknown_key');
  });
});

describe('a receipt', () => {
  test('is checked as before, and with its proof where there is one', async () => {
    const receipt = await write('receipt.json', JSON.stringify(receiptDocument(sampleLeaf(1).signed)));
    const { exit, text } = await run(receipt, placeOf('keys.json'));
    expect([exit, text.includes('inventory.adjust, R1, asked for by USER')]).toEqual([0, true]);
    expect((await run(receipt)).exit).toBe(2);
    const proof = await write('nonsense.tlog-proof', 'nonsense');
    const refused = await run(receipt, placeOf('keys.json'), '--proof', proof, '--log-key', logKey);
    expect([refused.exit, refused.text.includes('malformed_proof')]).toEqual([1, true]);
  });

  test('is in the log when its proof leads to a checkpoint that the key of the host has signed', async () => {
    const receipt = await write('proven.json', JSON.stringify(receiptDocument(sampleLeaf(1).signed)));
    const proof = await write('whole.tlog-proof', sampleProof(sampleLeaf(0), sampleLeaf(1)));
    const given = ['--keys', placeOf('keys.json'), '--log-key', hostKey, '--proof', proof];
    const proven = await run(receipt, ...given);
    expect(proven.text).toContain('✓ proof      leaf 1 of the 2 that log.example/log/');
    expect(proven.exit).toBe(0);
    const another = await write('unproven.json', JSON.stringify(receiptDocument(sampleLeaf(2).signed)));
    const unproven = await run(another, ...given);
    expect([unproven.exit, unproven.text.includes('not_included')]).toEqual([1, true]);
  });
});

test('there is nothing to check in what is not there', async () => {
  expect((await run()).exit).toBe(2);
  expect((await run(placeOf('nothing.jsonl'))).exit).toBe(2);
  expect((await run(placeOf('whole.jsonl'), '--unknown')).exit).toBe(2);
  expect((await run(placeOf('whole.jsonl'), '--keys', placeOf('nothing.json'))).exit).toBe(2);
  expect((await run(placeOf('keys.json'), placeOf('keys.json'))).exit).toBe(1);
});

function policyBy(rule: string) {
  const { policy } = JSON.parse(Buffer.from(sampleLeaf(5).signed.bytes).toString());
  return { policy: { ...policy, rule } };
}
