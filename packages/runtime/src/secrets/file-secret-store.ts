import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { runtimeLimits } from '../runtime-limits.ts';
import { parseSecretReference, type SecretReference } from './secret-reference.ts';
import { invalidReference, type SecretProblem, SecretUnavailable, type WritableSecretStore } from './secret-store.ts';

const othersMask = 0o077;
const fileMode = 0o600;
const directoryMode = 0o700;

/**
 * Secrets as files of one directory, which this user alone can reach: mode 0600 in 0700. A version is a file of its own
 * (`<name>.<version>`); the latest is the file `<name>`. Whatever has wider permissions, another owner or is a link is
 * refused. It is for development, tests and bootstrapping; a deployment uses the Google store.
 */
export function createFileSecretStore(options: { readonly directory: string }): WritableSecretStore {
  const { directory } = options;

  async function read(reference: SecretReference): Promise<Uint8Array> {
    const path = join(directory, fileNameOf(reference));
    const problem = problemOf(reference);
    await checkDirectory(directory, problem);
    // NOFOLLOW: a link leads out of the directory that was just checked. NONBLOCK: opening a pipe would wait for a writer.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(path, flags).catch((error: unknown) => {
      throw problem(...openProblem(error));
    });
    try {
      const stats = await file.stat();
      if (!stats.isFile()) throw problem('store_unsafe', 'is not a regular file');
      if (!isOurs(stats))
        throw problem('store_unsafe', 'can be reached by other users: it must be ours with mode 0600');
      if (stats.size > runtimeLimits.secretBytes) throw problem('value_corrupt', tooLarge);
      return Uint8Array.from(await file.readFile());
    } finally {
      await file.close();
    }
  }

  async function write(reference: SecretReference, value: Uint8Array): Promise<void> {
    const fileName = fileNameOf(reference);
    const problem = problemOf(reference);
    if (value.byteLength > runtimeLimits.secretBytes) throw problem('value_corrupt', tooLarge);
    await mkdir(directory, { recursive: true, mode: directoryMode });
    await checkDirectory(directory, problem);
    // References cannot begin with a full stop, so a file that a crash leaves behind is never read.
    const temporary = join(directory, `.${fileName}.${randomUUID()}`);
    try {
      await writeDurably(temporary, value);
      await rename(temporary, join(directory, fileName));
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
    await flush(directory);
  }

  return { read, write };
}

type ProblemMaker = (code: SecretProblem, detail: string) => SecretUnavailable;

const tooLarge = `is larger than ${runtimeLimits.secretBytes} bytes`;

function problemOf(reference: string): ProblemMaker {
  return (code, detail) => new SecretUnavailable({ code, reference, detail });
}

function fileNameOf(reference: string): string {
  const address = parseSecretReference(reference);
  if (address === null) throw invalidReference();
  return address.version === null ? address.name : `${address.name}.${address.version}`;
}

async function checkDirectory(directory: string, problem: ProblemMaker): Promise<void> {
  const stats = await lstat(directory).catch((error: unknown) => {
    throw problem(...openProblem(error));
  });
  if (!stats.isDirectory()) throw problem('store_unsafe', 'the directory of secrets is not a directory');
  if (!isOurs(stats)) throw problem('store_unsafe', 'the directory of secrets must be ours with mode 0700');
}

function isOurs(stats: { readonly mode: number; readonly uid: number }): boolean {
  const user = process.getuid?.();
  return (stats.mode & othersMask) === 0 && (user === undefined || stats.uid === user);
}

function openProblem(error: unknown): [SecretProblem, string] {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return ['not_found', 'does not exist'];
  if (code === 'EACCES' || code === 'EPERM') return ['access_denied', 'may not be read'];
  if (code === 'ELOOP') return ['store_unsafe', 'is a symbolic link'];
  return ['store_unavailable', `cannot be opened (${String(code)})`];
}

async function writeDurably(path: string, value: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', fileMode);
  try {
    // The umask may only take bits away; this makes the mode what it says.
    await file.chmod(fileMode);
    await file.writeFile(value);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the rename itself survive a crash. */
async function flush(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
