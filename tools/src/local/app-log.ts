import { type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const logFileBytesMax = 10 * 1024 * 1024;
const tailBytesMax = 16 * 1024;
const tailLinesMax = 15;

/** The log of one run of an app: a part of a file to which each run appends. */
export interface AppLog {
  readonly handle: FileHandle;
  /** The last lines of this run. */
  tail(): Promise<string[]>;
}

/** Opens the log for one more run. One that has grown large is set aside first, in place of the one before it. */
export async function openAppLog(path: string): Promise<AppLog> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const found = await stat(path).catch(() => null);
  if (found !== null && found.size > logFileBytesMax) await rename(path, `${path}.1`);
  const handle = await open(path, 'a', 0o600);
  const { size: startBytes } = await handle.stat();
  return { handle, tail: () => readTail({ path, startBytes }) };
}

async function readTail(part: { readonly path: string; readonly startBytes: number }): Promise<string[]> {
  const file = await open(part.path, 'r');
  try {
    const { size } = await file.stat();
    const from = Math.max(part.startBytes, size - tailBytesMax);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(tailBytesMax), 0, tailBytesMax, from);
    const lines = buffer.subarray(0, bytesRead).toString('utf8').trimEnd().split('\n');
    return lines.filter((line) => line !== '').slice(-tailLinesMax);
  } finally {
    await file.close();
  }
}
