import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  appendLeafHashes,
  archiveGrowth,
  checkpointPath,
  compactTreeRoot,
  createNoteSigner,
  emptyCompactTree,
  formatCheckpoint,
  formatVerifierKey,
  leafHash,
  type Quorum,
  signNote,
  superLogPlace,
  verifyCheckpoint,
} from '@karmanflow/receipts';
import { createFolderArchive } from '@karmanflow/runtime';
import { startTestWitness, type TestWitness, type WitnessFault } from './testing/witness-server.ts';
import { readWitnessSettings } from './witness-settings.ts';
import { createWitnesses, type SignedCheckpoint, type WitnessOutcome } from './witnesses.ts';

setDefaultTimeout(90_000);

const place = superLogPlace({ host: 'log.example' });
const log = createNoteSigner({ name: place.origin, seed: new Uint8Array(32).fill(7) });
const entries = Array.from({ length: 300 }, (_, at) => new TextEncoder().encode(`entry ${at}`));
const sizes = [3, 17, 256, 300];
let directory: string;
let archive: ReturnType<typeof createFolderArchive>;
const published = new Map<number, SignedCheckpoint>();

/** A log of four sizes, as the publisher archives it: each checkpoint stands beside the tiles of its size. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kf-witnesses-'));
  archive = createFolderArchive({ directory: join(directory, 'archive') });
  let before = emptyCompactTree;
  for (const size of sizes) {
    const after = appendLeafHashes(before, entries.slice(Number(before.size), size).map(leafHash));
    const root = compactTreeRoot(after);
    const first = Number(before.size - (before.size % 256n));
    await archiveGrowth(archive, place, { before, root, size: BigInt(size), entries: entries.slice(first, size) });
    const note = signNote({
      text: formatCheckpoint({ origin: place.origin, size: BigInt(size), root }),
      signers: [log],
    });
    await archive.write(checkpointPath(place, BigInt(size)), new TextEncoder().encode(note));
    published.set(size, { place, note, size: BigInt(size), root });
    before = after;
  }
});
const started: TestWitness[] = [];
afterEach(async () => {
  for (const witness of started.splice(0)) await witness.stop();
});
afterAll(() => rm(directory, { recursive: true }));

const at = (size: number): SignedCheckpoint => {
  const checkpoint = published.get(size);
  if (checkpoint === undefined) throw new Error(`there is no size ${size}`);
  return checkpoint;
};

interface Options {
  readonly deadlineMilliseconds?: number;
  readonly graceMilliseconds?: number;
  readonly now?: () => number;
}

function witnessesOf(options: Options & { readonly count: number; readonly threshold?: number }) {
  const { count, threshold = count } = options;
  const tests = Array.from({ length: count }, (_, number) =>
    startTestWitness({ name: `witness.example/w${number}`, logKey: log.key }),
  );
  started.push(...tests);
  const quorum: Quorum = {
    kind: 'group',
    threshold,
    members: tests.map(({ party }) => ({ kind: 'witness', key: party.key })),
  };
  const open = () =>
    createWitnesses({
      witnesses: tests.map(({ party }) => party),
      quorum,
      archive,
      monotonicNow: options.now ?? (() => performance.now()),
      // Long enough for a slow machine; what is to be late is given less.
      deadlineMilliseconds: options.deadlineMilliseconds ?? 30_000,
      graceMilliseconds: options.graceMilliseconds ?? 30_000,
    });
  return { tests, open, witnesses: open() };
}

const one = (options: Options = {}) => {
  const { tests, witnesses, open } = witnessesOf({ count: 1, ...options });
  const [witness] = tests;
  if (witness === undefined) throw new Error('no witness was started');
  return { witness, witnesses, open };
};

describe('witnesses', () => {
  test('cosign each checkpoint in turn, and their signatures stand in the note', async () => {
    const { tests, witnesses } = witnessesOf({ count: 3 });
    for (const size of sizes) {
      const { note, hasQuorum, reports } = await witnesses.cosign(at(size));
      expect(hasQuorum).toBe(true);
      expect(reports.map(({ outcome }) => outcome)).toEqual(['cosigned', 'cosigned', 'cosigned']);
      const keys = tests.map(({ party }) => party.key);
      const policy = { origin: place.origin, logKeys: [log.key], witnessKeys: keys, witnessQuorum: 3 };
      expect(verifyCheckpoint({ note, policy })).toMatchObject({ ok: true, checkpoint: { size: BigInt(size) } });
    }
    // What each of them has is known after the first time, so that none has to say it again.
    expect(tests.map(({ asked }) => asked)).toEqual(tests.map(() => [0n, 3n, 17n, 256n]));
  });

  test('that know an older tree say which, and are asked from there', async () => {
    const { witness, witnesses, open } = one();
    await witnesses.cosign(at(17));
    expect((await open().cosign(at(300))).hasQuorum).toBe(true);
    expect(witness.asked).toEqual([0n, 0n, 17n]);
  });

  test('cosign again what they cosigned before the process died', async () => {
    const { witness, witnesses, open } = one();
    witness.failNext('lost_answer');
    expect((await witnesses.cosign(at(256))).hasQuorum).toBe(false);
    expect((await open().cosign(at(256))).hasQuorum).toBe(true);
    expect(witness.asked).toEqual([0n, 0n, 256n]);
  });

  test('may be asked by two at once', async () => {
    const { witnesses, open } = one();
    const ends = await Promise.all([witnesses.cosign(at(300)), open().cosign(at(300)), open().cosign(at(300))]);
    expect(ends.map(({ hasQuorum }) => hasQuorum)).toEqual([true, true, true]);
  });
});

describe('a witness that does not behave', () => {
  const hostile: [WitnessFault, WitnessOutcome][] = [
    ['wrong_key', 'invalid'],
    ['other_tree', 'invalid'],
    ['other_name', 'invalid'],
    ['no_signatures', 'invalid'],
    ['not_utf8', 'invalid'],
    ['endless', 'invalid'],
    ['error', 'refused'],
    ['redirect', 'refused'],
    ['conflict_without_size', 'refused'],
    ['claims_more', 'ahead'],
    ['claims_other', 'unproven'],
    ['claims_same', 'invalid'],
  ];
  test.each(hostile)('by %s is %s, and nothing of it gets into the note', async (fault, outcome) => {
    const { witness, witnesses } = one();
    witness.failNext(fault);
    const { note, hasQuorum, reports } = await witnesses.cosign(at(17));
    expect(reports).toMatchObject([{ witness: 'witness.example/w0', outcome }]);
    expect(hasQuorum).toBe(false);
    expect(note).toBe(at(17).note);
  });

  test('by naming a size each time is asked a few times and no more', async () => {
    const { witness, witnesses } = one();
    witness.failNext('claims_3', 'claims_17', 'claims_3', 'claims_17', 'claims_3');
    const { reports } = await witnesses.cosign(at(256));
    expect(reports).toMatchObject([{ outcome: 'unproven' }]);
    expect(witness.asked).toEqual([0n, 3n, 17n]);
  });

  test('by silence is waited for until the deadline', async () => {
    const { witness, witnesses } = one({ deadlineMilliseconds: 300 });
    witness.failNext('silence');
    const { hasQuorum, reports } = await witnesses.cosign(at(17));
    expect(hasQuorum).toBe(false);
    expect(reports).toMatchObject([{ outcome: 'unreachable', detail: 'did not answer in time' }]);
  });

  test('that forgot what it cosigned follows again, and one that saw another tree does not', async () => {
    const { witness, witnesses } = one();
    await witnesses.cosign(at(17));
    witness.witnessed.clear();
    expect((await witnesses.cosign(at(256))).hasQuorum).toBe(true);
    witness.witnessed.set(place.origin, { size: 300n, root: new Uint8Array(32).fill(1) });
    const { reports } = await witnesses.cosign(at(300));
    expect(reports).toMatchObject([{ outcome: 'fork' }]);
  });

  test('with strangers at its side is believed, and they are left out', async () => {
    const { witness, witnesses } = one();
    witness.failNext('strangers_too');
    const { note, hasQuorum } = await witnesses.cosign(at(17));
    expect(hasQuorum).toBe(true);
    expect(note.split('\u2014 ').length - 1).toBe(2);
    expect(note).not.toContain('stranger');
  });

  test('that is gone is unreachable', async () => {
    const { witness, witnesses } = one();
    await witness.stop();
    expect((await witnesses.cosign(at(17))).reports).toMatchObject([{ outcome: 'unreachable' }]);
  });

  test('does not keep a quorum of the others waiting, and is left in peace for a while', async () => {
    let now = 0;
    const { tests, witnesses } = witnessesOf({ count: 3, threshold: 2, graceMilliseconds: 50, now: () => now });
    tests[1]?.failNext('silence');
    const outcomes = async (size: number) => (await witnesses.cosign(at(size))).reports.map(({ outcome }) => outcome);
    // The deadline is half a minute away: what ends the wait is the quorum.
    expect(await outcomes(3)).toEqual(['cosigned', 'unreachable', 'cosigned']);
    expect(await outcomes(17)).toEqual(['cosigned', 'resting', 'cosigned']);
    now += 1_001;
    tests[1]?.failNext('silence');
    expect(await outcomes(256)).toEqual(['cosigned', 'unreachable', 'cosigned']);
    // The second failure rests twice as long.
    now += 1_001;
    expect(await outcomes(300)).toEqual(['cosigned', 'resting', 'cosigned']);
    now += 1_001;
    expect((await outcomes(300))[1]).not.toBe('resting');
  });
});

describe('the policy file of a sequencer', () => {
  const witness = startTestWitness({ name: 'witness.example/w0', logKey: log.key });
  afterAll(() => witness.stop());
  const logLine = `log ${formatVerifierKey(log.key)}\n`;
  const witnessLine = `witness w ${formatVerifierKey(witness.party.key)}`;
  const read = async (text: string) => {
    const path = join(directory, 'policy');
    await writeFile(path, text);
    return readWitnessSettings({ path, withoutQuorum: 'wait', logKey: log.key });
  };

  test('names who is asked, and how many suffice', async () => {
    const settings = await read(`${logLine}${witnessLine} ${witness.party.url}\nquorum w\n`);
    expect(settings.witnesses).toEqual([witness.party]);
    expect(settings.withoutQuorum).toBe('wait');
    expect((await createWitnesses({ ...settings, archive, monotonicNow: () => 0 }).cosign(at(17))).hasQuorum).toBe(
      true,
    );
  });

  const other = createNoteSigner({ name: place.origin, seed: new Uint8Array(32).fill(9) });
  const wrong: [string, string][] = [
    ['a witness without an address', `${witnessLine}\nquorum w\n`],
    ['an address in the clear', `${witnessLine} http://witness.example/\nquorum w\n`],
    ['an address with a password', `${witnessLine} https://a:b@witness.example/\nquorum w\n`],
    ['another log', `log ${formatVerifierKey(other.key)}\n${witnessLine} https://witness.example/\nquorum w\n`],
    ['nobody', `${logLine}quorum none\n`],
    ['half a line', `${witnessLine} https://witness.example/\nquorum w`],
  ];
  test.each(wrong)('with %s is refused', async (_what, text) => {
    await expect(read(text)).rejects.toThrow('policy');
  });
});
