import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  consistencyProof,
  leafHash,
  parseVerifierKey,
  rootHash,
  type SigningRequest,
  verifyCheckpoint,
} from '@karmanflow/receipts';
import { type CheckpointSigner, openCheckpointSigner } from './checkpoint-signer.ts';

let directories: string;
beforeAll(async () => {
  directories = await mkdtemp(join(tmpdir(), 'kf-signer-'));
});
afterAll(() => rm(directories, { recursive: true }));

const seed = new Uint8Array(32).fill(9);
const [mine, yours] = ['log.example/log/mine', 'log.example/log/yours'];
const leaves = (count: number, kind: string) =>
  Array.from({ length: count }, (_, index) => leafHash(new TextEncoder().encode(`${kind} ${index}`)));

function request(origin: string, size: number, more: { from?: number; kind?: string } = {}): SigningRequest {
  const leafHashes = leaves(size, more.kind ?? origin);
  const { from = 0 } = more;
  const hasProof = from > 0 && from < size;
  return {
    origin,
    size: BigInt(size),
    root: rootHash(leafHashes),
    consistency: hasProof ? consistencyProof({ size1: BigInt(from), leafHashes }) : [],
    hasPredecessor: from > 0,
  };
}

async function opened<T>(name: string, work: (signer: CheckpointSigner) => Promise<T>): Promise<T> {
  const signer = await openCheckpointSigner({ directory: join(directories, name), seed });
  try {
    return await work(signer);
  } finally {
    await signer.close();
  }
}

describe('the signer', () => {
  test('signs with one key under the name of each log', async () => {
    await opened('signs', async (signer) => {
      const signed = await signer.sign([request(mine, 3), request(yours, 2)]);
      if (!signed.ok) throw new Error(signed.code);
      for (const [at, origin] of [mine, yours].entries()) {
        const key = parseVerifierKey(signer.verifierKey(origin));
        if (!key) throw new Error('no key');
        const policy = { origin, logKeys: [key], witnessKeys: [], witnessQuorum: 0 };
        expect(verifyCheckpoint({ note: signed.notes[at] ?? '', policy })).toMatchObject({ ok: true });
        expect(key.name).toBe(origin);
      }
    });
  });

  test('remembers after a restart, and signs neither a smaller tree nor another one', async () => {
    await opened('restart', (signer) => signer.sign([request(mine, 5), request(yours, 1)]));
    await opened('restart', async (signer) => {
      expect(signer.remembered(mine)?.size).toBe(5n);
      expect(await signer.sign([request(mine, 4, { from: 4 })])).toEqual({ ok: false, code: 'rollback', origin: mine });
      expect(await signer.sign([request(mine, 5, { kind: 'forged' })])).toMatchObject({ code: 'fork' });
      expect(await signer.sign([request(mine, 8, { from: 5, kind: 'forged' })])).toMatchObject({
        code: 'inconsistent',
      });
      expect(await signer.sign([request(mine, 5, { from: 5 }), request(mine, 8, { from: 5 })])).toMatchObject({
        ok: true,
      });
    });
    await opened('restart', async (signer) => expect(signer.remembered(mine)?.size).toBe(8n));
  });

  test('signs all or none', async () => {
    await opened('all', async (signer) => {
      await signer.sign([request(mine, 5)]);
      const refused = await signer.sign([request(yours, 3), request(mine, 4, { from: 4 })]);
      expect(refused).toEqual({ ok: false, code: 'rollback', origin: mine });
      expect(signer.remembered(yours)).toBeUndefined();
    });
  });

  test('that lost its memory signs nothing that was published before', async () => {
    await opened('lost', async (signer) => {
      expect(await signer.sign([request(mine, 8, { from: 5 })])).toMatchObject({ code: 'memory_lost' });
    });
  });

  test('has written what it signs before it answers, and outlives a line that was cut off', async () => {
    await opened('torn', (signer) => signer.sign([request(mine, 5)]));
    const journal = join(directories, 'torn/signed-checkpoints');
    expect(await readFile(journal, 'utf8')).toStartWith(`${mine} 5 `);
    await appendFile(journal, `${mine} 8 aGFsZ`);
    await opened('torn', async (signer) => {
      expect(signer.remembered(mine)?.size).toBe(5n);
      await signer.sign([request(mine, 6, { from: 5 })]);
    });
    await opened('torn', async (signer) => expect(signer.remembered(mine)?.size).toBe(6n));
  });

  test('with a damaged memory does not open', async () => {
    await opened('damaged', (signer) => signer.sign([request(mine, 5)]));
    const journal = join(directories, 'damaged/signed-checkpoints');
    await writeFile(journal, `${await readFile(journal, 'utf8')}nonsense\n`);
    await expect(opened('damaged', async () => undefined)).rejects.toThrow('is damaged');
  });

  test('that cannot write signs nothing, and nothing after that', async () => {
    const signer = await openCheckpointSigner({ directory: join(directories, 'closed'), seed });
    await signer.close();
    await expect(signer.sign([request(mine, 5)])).rejects.toThrow();
    await expect(signer.sign([request(mine, 5)])).rejects.toThrow('could not be written before');
    expect(signer.remembered(mine)).toBeUndefined();
  });
});
