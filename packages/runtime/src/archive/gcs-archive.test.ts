import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { ArchiveConflict } from '@karmanflow/receipts';
import { describeError } from '../logging/describe-error.ts';
import { runtimeLimits } from '../runtime-limits.ts';
import { createLogger } from '../logging/create-logger.ts';
import { captureLog } from '../testing/capture-log.ts';
import { waitUntil } from '../testing/wait-until.ts';
import {
  type CloudStorageFault,
  type CloudStorageServer,
  startCloudStorageServer,
} from '../testing/cloud-storage-server.ts';
import { type ArchiveProblem, ArchiveUnavailable } from './archive-unavailable.ts';
import { createGcsArchive, type GcsArchive } from './gcs-archive.ts';
import { ArchiveRefused, openLogArchive } from './open-log-archive.ts';
import { logArchiveContract } from './testing/log-archive.contract.ts';

setDefaultTimeout(90_000);

const bucket = 'kf-sample-log';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const credentialsBefore = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
let server: CloudStorageServer;
let archive: GcsArchive;
beforeAll(async () => {
  server = await startCloudStorageServer({ bucket });
  process.env['GOOGLE_APPLICATION_CREDENTIALS'] = server.credentialsPath;
  archive = createGcsArchive({ bucket, prefix: 'faults', apiEndpoint: server.origin, retryDelayMilliseconds: 5 });
});
afterAll(async () => {
  if (credentialsBefore === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
  else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = credentialsBefore;
  await server.stop();
});

logArchiveContract('in a bucket', async () =>
  createGcsArchive({ bucket, prefix: 'contract', apiEndpoint: server.origin }),
);

async function problemOf(work: Promise<unknown>): Promise<ArchiveUnavailable> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ArchiveUnavailable)) throw new Error(`expected ArchiveUnavailable, not ${Bun.inspect(error)}`);
  for (const text of [Bun.inspect(error), JSON.stringify(describeError(error))]) {
    expect(text).not.toContain(server.accessToken);
    expect(text.toLowerCase()).not.toContain('bearer');
  }
  return error;
}

async function requestsDuring(work: () => Promise<unknown>): Promise<readonly string[]> {
  const before = server.requests.length;
  await work();
  return server.requests.slice(before);
}

const repeated = (fault: CloudStorageFault): CloudStorageFault[] =>
  Array.from({ length: runtimeLimits.archiveAttempts }, () => fault);

describe('what is written', () => {
  test('goes out in one request that creates and never replaces, with what a reader needs to know', async () => {
    const requests = await requestsDuring(async () => {
      await archive.write('log/tile/0/x001/067', bytes('tile'));
      await archive.write('log/checkpoint/17', bytes('checkpoint'));
    });
    expect(requests).toEqual([
      `POST /upload/storage/v1/b/${bucket}/o?uploadType=multipart&name=faults%2Flog%2Ftile%2F0%2Fx001%2F067&ifGenerationMatch=0`,
      `POST /upload/storage/v1/b/${bucket}/o?uploadType=multipart&name=faults%2Flog%2Fcheckpoint%2F17&ifGenerationMatch=0`,
    ]);
    expect(server.objects.get('faults/log/tile/0/x001/067')?.metadata).toEqual({
      contentType: 'application/octet-stream',
      cacheControl: 'private, max-age=31536000, immutable',
      crc32c: expect.any(String),
    });
    expect(server.objects.get('faults/log/checkpoint/17')?.metadata).toMatchObject({
      contentType: 'text/plain; charset=utf-8',
    });
  });

  test('comes back byte for byte, also when it is large; and there is a largest size', async () => {
    const large = new Uint8Array(2_000_003).fill(0xfe);
    large.set(bytes('\r\n\r\n--\r\n'), 7);
    await archive.write('log/tile/entries/000', large);
    expect(Buffer.from((await archive.read('log/tile/entries/000')) ?? []).equals(large)).toBe(true);
    const tooLarge = archive.write('log/tile/entries/001', new Uint8Array(runtimeLimits.archiveObjectBytes + 1));
    await expect(tooLarge).rejects.toThrow(RangeError);
  });

  test('and whose answer was lost is found to be there', async () => {
    server.failNext('lost_answer', 'unavailable');
    const requests = await requestsDuring(() => archive.write('log/lost', bytes('lost')));
    expect(requests.map((line) => line.split(' ')[0])).toEqual(['POST', 'POST', 'POST', 'GET']);
    server.failNext('lost_answer');
    await expect(archive.write('log/lost', bytes('other'))).rejects.toBeInstanceOf(ArchiveConflict);
    expect(Buffer.from((await archive.read('log/lost')) ?? []).toString()).toBe('lost');
  });

  test('is not replaced either where retention answers first', async () => {
    await archive.write('log/retained', bytes('retained'));
    server.failNext('retention');
    await archive.write('log/retained', bytes('retained'));
    server.failNext('retention');
    await expect(archive.write('log/retained', bytes('other'))).rejects.toBeInstanceOf(ArchiveConflict);
  });
});

describe('a place that fails', () => {
  const passing: CloudStorageFault[][] = [
    ['unavailable', 'too_many', 'html_error'],
    ['too_many', 'unavailable'],
  ];
  test.each(passing.map((faults) => [faults.join(', '), faults] as const))(
    '%s, then works, worked',
    async (_, faults) => {
      const path = `log/${faults.length}-${faults[0]?.replace('_', '-')}`;
      server.failNext(...faults);
      await archive.write(path, bytes('there'));
      server.failNext(...faults);
      expect(Buffer.from((await archive.read(path)) ?? []).toString()).toBe('there');
    },
  );

  const lasting: [CloudStorageFault, ArchiveProblem, number][] = [
    ['unavailable', 'place_unavailable', 4],
    ['html_error', 'place_unavailable', 4],
    ['forbidden', 'access_denied', 1],
    ['unauthenticated', 'access_denied', 1],
    ['wrong_checksum', 'content_corrupt', 4],
    ['no_checksum', 'content_corrupt', 4],
    ['other_bytes', 'content_corrupt', 4],
    ['endless', 'content_corrupt', 4],
  ];
  test.each(lasting)('%s for ever is %s after %d requests of a read', async (fault, code, count) => {
    await archive.write('log/lasting', bytes('there'));
    server.failNext(...repeated(fault));
    const requests = await requestsDuring(async () => {
      expect(await problemOf(archive.read('log/lasting'))).toMatchObject({ code });
    });
    expect(requests).toHaveLength(count);
    server.failNext();
    expect(Buffer.from((await archive.read('log/lasting')) ?? []).toString()).toBe('there');
  });

  test('and stores something else is found out, and nothing is deleted for it', async () => {
    server.failNext('wrong_checksum');
    const requests = await requestsDuring(() => archive.write('log/damaged', bytes('damaged')));
    expect(requests.some((line) => line.startsWith('DELETE'))).toBe(false);
    expect(Buffer.from((await archive.read('log/damaged')) ?? []).toString()).toBe('damaged');
  });

  test('by sending us elsewhere does not get the token there', async () => {
    server.failNext(...repeated('redirect'));
    expect((await problemOf(archive.read('log/lasting'))).code).toBe('place_unavailable');
    server.failNext();
  });

  test.each<CloudStorageFault>(['silence', 'drips'])('by %s ends at the deadline', async (fault) => {
    const hasty = createGcsArchive({
      bucket,
      prefix: 'faults',
      apiEndpoint: server.origin,
      attemptMilliseconds: 200,
      deadlineMilliseconds: 450,
    });
    await archive.write('log/lasting', bytes('there'));
    server.failNext(...repeated(fault));
    expect((await problemOf(hasty.read('log/lasting'))).code).toBe('deadline_exceeded');
    server.failNext();
  });

  test('by an answer behind the deadline harms nobody', async () => {
    const hasty = createGcsArchive({
      bucket,
      prefix: 'faults',
      apiEndpoint: server.origin,
      attemptMilliseconds: 450,
      deadlineMilliseconds: 450,
    });
    await archive.write('log/lasting', bytes('there'));
    server.failNext('late');
    expect((await problemOf(hasty.read('log/lasting'))).code).toBe('deadline_exceeded');
    // It comes to somebody who has gone; what it throws there would fail this test.
    await waitUntil({ what: 'the late answer', condition: async () => server.lateAnswers() === 1 });
    expect(Buffer.from((await archive.read('log/lasting')) ?? []).toString()).toBe('there');
  });

  test('leaves a bucket that is not there apart from an object that is not there', async () => {
    const other = createGcsArchive({ bucket: 'kf-no-such-bucket', prefix: '', apiEndpoint: server.origin });
    expect(await problemOf(other.read('log/one'))).toMatchObject({ code: 'bucket_missing' });
    expect(await problemOf(other.write('log/one', bytes('1')))).toMatchObject({ code: 'bucket_missing' });
    expect(await archive.read('log/nothing-here')).toBeUndefined();
  });

  test('or where nobody listens is place_unavailable', async () => {
    const gone = await startCloudStorageServer({ bucket });
    await gone.stop();
    const lonely = createGcsArchive({ bucket, prefix: '', apiEndpoint: gone.origin, retryDelayMilliseconds: 5 });
    expect((await problemOf(lonely.read('log/one'))).code).toBe('place_unavailable');
  });

  test('for want of credentials works when they have come', async () => {
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = `${server.credentialsPath}.not-yet`;
    const early = createGcsArchive({
      bucket,
      prefix: 'faults',
      apiEndpoint: server.origin,
      retryDelayMilliseconds: 5,
    });
    expect((await problemOf(early.read('log/lasting'))).code).toBe('place_unavailable');
    process.env['GOOGLE_APPLICATION_CREDENTIALS'] = server.credentialsPath;
    expect(await early.read('log/lasting')).toBeDefined();
  });
});

describe('where the access token goes', () => {
  test('is https or loopback', () => {
    const to = (apiEndpoint: string) => () => createGcsArchive({ bucket, prefix: '', apiEndpoint });
    expect(to('http://storage.example.org')).toThrow('https');
    expect(to('https://storage.example.org')).not.toThrow();
  });

  test('is not decided by a variable of the library, and its debug log does not get it', async () => {
    const modulePath = new URL('gcs-archive.ts', import.meta.url).pathname;
    const probe = `
      import { createGcsArchive } from ${JSON.stringify(modulePath)};
      const archive = createGcsArchive({ bucket: '${bucket}', prefix: 'faults', apiEndpoint: '${server.origin}' });
      console.log('read', await archive.read('log/nothing').catch((error) => error.message));
    `;
    const run = async (variables: Record<string, string>): Promise<string> => {
      const child = Bun.spawn([process.execPath, '-e', probe], {
        env: { ...process.env, ...variables },
        stdout: 'pipe',
        stderr: 'pipe',
      });
      return `${await new Response(child.stdout).text()}${await new Response(child.stderr).text()}`;
    };
    expect(await run({ STORAGE_EMULATOR_HOST: 'http://127.0.0.1:9' })).toContain('another endpoint');
    const logged = await run({ GOOGLE_SDK_NODE_LOGGING: 'all' });
    expect(logged).toContain('read undefined');
    expect(logged).not.toContain(server.accessToken);
  });
});

describe('openLogArchive', () => {
  const locked = {
    retentionPolicy: { retentionPeriod: '220752000', isLocked: true },
    iamConfiguration: { publicAccessPrevention: 'enforced' },
  };
  const settings = { kind: 'google', bucket, prefix: 'opened' } as const;
  const open = (profile: 'local' | 'production', access: 'read' | 'write') => {
    const log = captureLog();
    const logger = createLogger({ app: 'test', level: 'info', destination: log.destination });
    const opening = openLogArchive(settings, { profile, access, logger, apiEndpoint: server.origin });
    return { opening, text: log.text };
  };

  test('opens a bucket whose retention is locked, and says how long', async () => {
    server.describeAs(locked);
    const { opening, text } = open('production', 'write');
    const opened = await opening;
    await opened.write('log/one', bytes('1'));
    expect(server.objects.has('opened/log/one')).toBe(true);
    expect(text()).toContain('220752000');
  });

  const unsafe: [string, Record<string, unknown>, string][] = [
    ['without retention', { ...locked, retentionPolicy: undefined }, 'no retention policy'],
    ['whose retention is not locked', { ...locked, retentionPolicy: { retentionPeriod: '86400' } }, 'not locked'],
    [
      'whose retention is of no time',
      { ...locked, retentionPolicy: { retentionPeriod: '0', isLocked: true } },
      'no retention',
    ],
    ['that may be public', { ...locked, iamConfiguration: { publicAccessPrevention: 'inherited' } }, 'public access'],
  ];
  test.each(unsafe)('refuses a bucket %s, and warns of it on one machine', async (_what, description, words) => {
    server.describeAs(description);
    const { opening } = open('production', 'write');
    await expect(opening).rejects.toBeInstanceOf(ArchiveRefused);
    await expect(opening).rejects.toThrow(words);
    const local = open('local', 'write');
    expect((await local.opening).address).toBe(`gs://${bucket}/opened/`);
    expect(local.text()).toContain(words);
  });

  test('does not write to a bucket that does not say', async () => {
    server.failNext('forbidden');
    expect(await problemOf(open('production', 'write').opening)).toMatchObject({ code: 'access_denied' });
  });

  test('asks nothing where one only reads', async () => {
    server.describeAs({});
    expect(await requestsDuring(() => open('production', 'read').opening)).toEqual([]);
  });

  test('opens a folder, with a word of warning where it is not one machine', async () => {
    const log = captureLog();
    const folder = { kind: 'folder', directory: '/nowhere' } as const;
    const logger = createLogger({ app: 'test', level: 'info', destination: log.destination });
    const opened = await openLogArchive(folder, { profile: 'production', access: 'write', logger });
    expect(opened.address).toBe('file:/nowhere');
    expect(log.text()).toContain('whoever may write there');
  });
});
