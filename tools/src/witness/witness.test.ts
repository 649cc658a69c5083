import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  consistencyProof,
  createNoteSigner,
  formatAddCheckpoint,
  formatCheckpoint,
  formatVerifierKey,
  leafHash,
  type NoteKey,
  parseVerifierKey,
  rootHash,
  signNote,
  verifyCheckpoint,
} from '@karmanflow/receipts';
import { createLogger } from '@karmanflow/runtime';
import { captureLog } from '@karmanflow/runtime/testing';
import { createWitness } from './create-witness.ts';
import { openWitnessMemory, openWitnessSeed } from './witness-memory.ts';
import { witnessLimits } from './witness-limits.ts';
import { witnessOptions } from './witness-options.ts';

setDefaultTimeout(90_000);

const origin = 'log.example/log';
const log = createNoteSigner({ name: origin, seed: new Uint8Array(32).fill(1) });
const leafHashes = Array.from({ length: 40 }, (_, at) => leafHash(new TextEncoder().encode(`entry ${at}`)));
const forkedHashes = leafHashes.toReversed();

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kf-witness-'));
});
afterAll(() => rm(directory, { recursive: true }));

const noteOf = (size: number, hashes = leafHashes): string =>
  signNote({
    text: formatCheckpoint({ origin, size: BigInt(size), root: rootHash(hashes.slice(0, size)) }),
    signers: [log],
  });

function bodyOf(from: number, to: number, hashes = leafHashes): string {
  const proof = from === 0 ? [] : consistencyProof({ size1: BigInt(from), leafHashes: hashes.slice(0, to) });
  return formatAddCheckpoint({ oldSize: BigInt(from), proof, checkpoint: noteOf(to, hashes) });
}

async function openWitness(name: string) {
  const folder = join(directory, name);
  const memory = await openWitnessMemory(folder);
  const capture = captureLog();
  const witness = createWitness({
    name: `witness.example/${name}`,
    seed: await openWitnessSeed(folder),
    logKeys: [log.key],
    memory,
    now: () => 1_767_225_600_500,
    logger: createLogger({ app: 'witness', level: 'info', destination: capture.destination }),
  });
  const ask = (body: string): Promise<Response> =>
    witness.answer(new Request('http://witness/add-checkpoint', { method: 'POST', body }));
  const sizeIn = async (response: Response): Promise<string> => {
    expect(response.status).toBe(409);
    expect(response.headers.get('content-type')).toBe('text/x.tlog.size');
    return response.text();
  };
  return { folder, memory, witness, capture, ask, sizeIn };
}

function verify(note: string, answer: string, key: NoteKey): unknown {
  const policy = { origin, logKeys: [log.key], witnessKeys: [key], witnessQuorum: 1 };
  return verifyCheckpoint({ note: `${note}${answer}`, policy });
}

describe('the witness', () => {
  test('follows a log, and after a restart goes on with the same key from where it was', async () => {
    const first = await openWitness('restarted');
    const answer = await (await first.ask(bodyOf(0, 17))).text();
    expect(verify(noteOf(17), answer, first.witness.key)).toMatchObject({
      ok: true,
      witnesses: [{ name: 'witness.example/restarted', timestampSeconds: 1_767_225_600n }],
    });
    const second = await openWitness('restarted');
    expect(second.witness.key).toEqual(first.witness.key);
    expect(await second.sizeIn(await second.ask(bodyOf(0, 40)))).toBe('17\n');
    expect((await second.ask(bodyOf(17, 40))).status).toBe(200);
    expect((await second.ask(bodyOf(40, 40))).status).toBe(200);
    // Its key, and one file of the log.
    expect(await readdir(second.folder)).toHaveLength(2);
  });

  test('refuses forks, and says so aloud', async () => {
    const { ask, sizeIn, capture, memory } = await openWitness('forked');
    expect((await ask(bodyOf(0, 17))).status).toBe(200);
    expect(await sizeIn(await ask(bodyOf(17, 17, forkedHashes)))).toBe('17\n');
    expect((await ask(bodyOf(17, 40, forkedHashes))).status).toBe(422);
    expect((await ask(formatAddCheckpoint({ oldSize: 17n, proof: [], checkpoint: noteOf(9) }))).status).toBe(400);
    expect(capture.lines().filter(({ level }) => level === 'error')).toHaveLength(2);
    expect((await memory.read(origin))?.size).toBe(17n);
  });

  test('of many who ask at once cosigns what one history allows', async () => {
    const { ask, memory } = await openWitness('raced');
    const bodies = [9, 17, 25, 33, 40].flatMap((size) => [bodyOf(0, size), bodyOf(0, size, forkedHashes)]);
    const statuses = (await Promise.all(bodies.map(ask))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(bodies.length - 1);
    expect(await memory.read(origin)).toBeDefined();
  });

  test('lets a bounded number wait', async () => {
    const { ask } = await openWitness('crowded');
    const crowd = Array.from({ length: witnessLimits.waitingPerLog + 5 }, () => ask(bodyOf(0, 9)));
    const statuses = (await Promise.all(crowd)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(0);
    expect((await ask(bodyOf(9, 17))).status).toBe(200);
  });

  test('serves one path, the logs that it knows and bodies of a bounded size', async () => {
    const { ask, witness } = await openWitness('narrow');
    const other = createNoteSigner({ name: 'other.example', seed: new Uint8Array(32).fill(2) });
    const text = formatCheckpoint({ origin: 'other.example', size: 3n, root: rootHash(leafHashes.slice(0, 3)) });
    const unknown = formatAddCheckpoint({ oldSize: 0n, proof: [], checkpoint: signNote({ text, signers: [other] }) });
    expect((await ask(unknown)).status).toBe(404);
    const stranger = createNoteSigner({ name: origin, seed: new Uint8Array(32).fill(2) });
    const checkpoint = signNote({ text: text.replace('other.example', origin), signers: [stranger] });
    expect((await ask(formatAddCheckpoint({ oldSize: 0n, proof: [], checkpoint }))).status).toBe(403);
    expect((await ask('hello')).status).toBe(400);
    expect((await ask('x'.repeat(witnessLimits.requestBytes + 1))).status).toBe(413);
    expect((await witness.answer(new Request('http://witness/'))).status).toBe(404);
    expect((await witness.answer(new Request('http://witness/add-checkpoint'))).status).toBe(405);
  });

  test('cosigns nothing when what it remembers is damaged, or cannot be written', async () => {
    const { folder, ask, memory } = await openWitness('damaged');
    expect((await ask(bodyOf(0, 17))).status).toBe(200);
    const name = (await readdir(folder)).find((file) => file !== 'key') ?? '';
    const text = await readFile(join(folder, name), 'utf8');
    expect(text).toStartWith(`${origin}\n17\n`);
    for (const wrong of ['', text.slice(0, -5), text.replace('log.example', 'log.examplf')]) {
      await writeFile(join(folder, name), wrong);
      await expect(ask(bodyOf(17, 40))).rejects.toThrow('damaged');
    }
    await writeFile(join(folder, name), text);
    expect((await ask(bodyOf(17, 40))).status).toBe(200);
    await writeFile(join(folder, 'key'), 'short');
    await expect(openWitness('damaged')).rejects.toThrow('not a key');
    await rm(folder, { recursive: true });
    expect(await memory.read(origin)).toBeUndefined();
    await expect(ask(bodyOf(0, 17))).rejects.toThrow();
  });
});

test('the command line names logs, a folder and a port', () => {
  const key = formatVerifierKey(log.key);
  expect(witnessOptions(['--log', key, '--directory', '/somewhere', '--port', '0'])).toEqual({
    name: 'witness.localhost',
    logKeys: [log.key],
    directory: '/somewhere',
    hostname: '127.0.0.1',
    port: 0,
  });
  for (const wrong of [
    [],
    ['--log', key],
    ['--log', 'nobody', '--directory', '/somewhere'],
    ['--log', key, '--directory', '/somewhere', '--port', '70000'],
    ['--logs', key],
  ]) {
    expect(() => witnessOptions(wrong)).toThrow('bun run witness');
  }
});

test('the process says by what line a policy file names it, and remembers across its end', async () => {
  const folder = join(directory, 'process');
  const key = formatVerifierKey(log.key);
  const main = join(import.meta.dir, 'main.ts');
  async function during<T>(work: (url: string, vkey: string) => Promise<T>): Promise<T> {
    const command = [process.execPath, main, '--log', key, '--directory', folder, '--port', '0'];
    const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'inherit' });
    try {
      for await (const chunk of child.stdout) {
        const [, vkey = '', url = ''] =
          /^witness witness\.localhost (\S+) (\S+)$/m.exec(Buffer.from(chunk).toString()) ?? [];
        if (url !== '') return await work(url, vkey);
      }
      throw new Error('the process ended early');
    } finally {
      child.kill('SIGKILL');
      await child.exited;
    }
  }
  const post = (url: string, body: string) => fetch(`${url}add-checkpoint`, { method: 'POST', body });
  await during(async (url, vkey) => {
    const answer = await (await post(url, bodyOf(0, 17))).text();
    const parsed = parseVerifierKey(vkey);
    if (parsed === undefined) throw new Error('not a verifier key');
    expect(verify(noteOf(17), answer, parsed)).toMatchObject({ ok: true });
  });
  await during(async (url) => expect((await post(url, bodyOf(0, 40))).status).toBe(409));
});
