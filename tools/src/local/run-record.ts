import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import * as v from 'valibot';
import { systemErrorCode } from '../postgres/cluster-problem.ts';
import { appNames } from './local-apps.ts';
import { type LocalProblem, type Result, accepted, refused } from './local-problem.ts';
import { isRunning, processIdentity, processIdentityShape } from './process-identity.ts';
import { fileProblem } from './state-directory.ts';

const runRecordShape = v.strictObject({
  format: v.literal(1),
  up: processIdentityShape,
  apps: v.array(
    v.strictObject({
      app: v.picklist(appNames),
      url: v.string(),
      metricsUrl: v.string(),
      process: processIdentityShape,
    }),
  ),
});

/** What an `up` writes down about itself, for `down` and for the next `up`. */
export type RunRecord = v.InferOutput<typeof runRecordShape>;
export type RecordedApp = RunRecord['apps'][number];

/** The claim of one `up` on a state directory. */
export interface RunClaim {
  /** What an `up` that ended without cleaning up left written. */
  readonly leftBehind: RunRecord | null;
  /** Writes down the apps that run now. */
  record(apps: readonly RecordedApp[]): Promise<void>;
  release(): Promise<void>;
}

const attemptsMax = 3;

/** The record at `path`, or null when there is none or it is not whole. */
export async function readRunRecord(path: string): Promise<RunRecord | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  });
  try {
    const parsed = v.safeParse(runRecordShape, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/** Takes the state directory for this process. Problems: `up_running`, and those of the file system. */
export async function claimRun(path: string): Promise<Result<RunClaim, LocalProblem>> {
  const up = await processIdentity(process.pid);
  if (up === null) throw new Error('this process does not see itself');
  const text = (apps: readonly RecordedApp[]): string => `${JSON.stringify({ format: 1, up, apps }, null, 2)}\n`;
  const draft = `${path}.${crypto.randomUUID()}`;
  const write = (apps: readonly RecordedApp[]): Promise<void> => writeFile(draft, text(apps), { mode: 0o600 });
  const claim = (leftBehind: RunRecord | null): RunClaim => ({
    leftBehind,
    record: async (apps) => {
      await write(apps);
      await rename(draft, path);
    },
    release: async () => {
      const recorded = await readRunRecord(path);
      if (recorded?.up.processId === up.processId) await removeFile(path);
    },
  });
  try {
    let leftBehind: RunRecord | null = null;
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      await write([]);
      // A link is made whole or not at all, and only where nothing stands: of two at once, one gets it.
      if (await linkIfFree({ from: draft, to: path })) return accepted(claim(leftBehind));
      const found = await readRunRecord(path);
      if (found !== null && (await isRunning(found.up))) return refused(upRunning(found));
      leftBehind = found;
      await removeFile(path);
    }
    throw new Error(`${path} comes back each time it is removed`);
  } catch (error) {
    return refused(fileProblem(error, path));
  } finally {
    await removeFile(draft).catch(() => undefined);
  }
}

function upRunning(record: RunRecord): LocalProblem {
  const [first] = record.apps;
  const where = first === undefined ? 'is starting' : `answers at ${first.url}`;
  return {
    code: 'up_running',
    message: `The local environment of this checkout runs already (process ${record.up.processId}) and ${where}.`,
    whatToDo: 'Use that one, or end it with `bun run down`.',
  };
}

async function linkIfFree(move: { readonly from: string; readonly to: string }): Promise<boolean> {
  try {
    await link(move.from, move.to);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  });
}
