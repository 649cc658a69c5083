import { randomBytes } from 'node:crypto';
import { readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { codeShape, nameShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { systemErrorCode } from '../postgres/cluster-problem.ts';

const accountShape = v.strictObject({ subject: codeShape, displayName: nameShape, password: v.string() });

const accountsShape = v.strictObject({
  /** The provider whose subjects these are: whom a subject stands for was recorded together with it. */
  issuer: v.string(),
  accounts: v.pipe(v.array(accountShape), v.maxLength(32)),
});

/** The people of a local environment, with their passwords. Holds secrets. */
export type IdentityAccounts = v.InferOutput<typeof accountsShape>;
export type IdentityAccount = v.InferOutput<typeof accountShape>;

const passwordBytes = 16;

/** The accounts that were written to `path`, or null when there are none or they have another form than today's. */
export async function readAccounts(path: string): Promise<IdentityAccounts | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  });
  try {
    const parsed = v.safeParse(accountsShape, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/**
 * Sees to it that each of these people has an account with a password of its own, made where it is missing. An issuer that
 * is known already stays, whatever is asked for: the tenant knows its people by it.
 */
export async function ensureAccounts(wanted: {
  readonly path: string;
  readonly issuer: string;
  readonly people: readonly { readonly subject: string; readonly displayName: string }[];
}): Promise<IdentityAccounts> {
  const { path, people } = wanted;
  const before = await readAccounts(path);
  const passwordOf = (subject: string): string =>
    before?.accounts.find((account) => account.subject === subject)?.password ??
    randomBytes(passwordBytes).toString('base64url');
  const accounts = people.map((person) => ({ ...person, password: passwordOf(person.subject) }));
  const after: IdentityAccounts = { issuer: before?.issuer ?? wanted.issuer, accounts };
  if (JSON.stringify(after) !== JSON.stringify(before)) await writeWhole(path, after);
  return after;
}

/** For this user alone, and never half of it. */
async function writeWhole(path: string, accounts: IdentityAccounts): Promise<void> {
  const draft = `${path}.${crypto.randomUUID()}`;
  try {
    await writeFile(draft, `${JSON.stringify(accounts, null, 2)}\n`, { mode: 0o600 });
    await rename(draft, path);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
}
