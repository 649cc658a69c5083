import { describe, expect, test } from 'bun:test';
import { describeError } from '../logging/describe-error.ts';
import { createLogger } from '../logging/create-logger.ts';
import { captureLog } from '../testing/capture-log.ts';
import { type BootDatabaseOptions, bootDatabase } from './boot-database.ts';

const capture = captureLog();
const base: Omit<BootDatabaseOptions, 'url'> = {
  role: 'kf_command',
  profile: 'local',
  applicationName: 'sample',
  logger: createLogger({ app: 'sample', level: 'debug', destination: capture.destination }),
};

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
}

describe('bootDatabase without a database', () => {
  test.each([
    'hunter2',
    'postgresql://kf_command:hunter2@[bad/kf',
    'mysql://kf_command:hunter2@db/kf',
    'postgresql://kf_command:hunter2@db:99999/kf',
    '',
  ])('refuses an address that is none, without repeating it: %j', async (url) => {
    const error = await errorOf(bootDatabase({ ...base, url }));
    expect(error).toBeInstanceOf(TypeError);
    expect(JSON.stringify(describeError(error))).not.toContain('hunter2');
  });

  test('gives up on an unreachable database at the deadline, without a word of the password', async () => {
    const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
    const { port } = listener;
    listener.stop(true);
    const url = `postgresql://kf_command:hunter2@127.0.0.1:${port}/kf`;
    const started = performance.now();
    const error = await errorOf(bootDatabase({ ...base, url, deadlineMilliseconds: 600 }));
    expect(error).toMatchObject({ name: 'DatabaseUnreachable', code: 'ECONNREFUSED' });
    expect(performance.now() - started).toBeGreaterThan(200);
    expect(capture.text()).toContain('not reachable yet');
    expect(`${capture.text()}${JSON.stringify(describeError(error))}`).not.toContain('hunter2');
  });
});
