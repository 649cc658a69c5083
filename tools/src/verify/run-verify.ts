import { rename, writeFile } from 'node:fs/promises';
import {
  type BundleVerification,
  formatRememberedCheckpoint,
  type KeySetDocument,
  parseRememberedCheckpoint,
  parseVerifierKey,
  type RememberedCheckpoint,
} from '@karmanflow/receipts';
import { bundleSteps, findingLines } from './bundle-report.ts';
import { stepLines, type VerificationStep } from './verification-step.ts';
import { readVerifyArguments, usage, type VerifyArguments } from './verify-arguments.ts';
import { isBundleFile, verifyBundleFile } from './verify-bundle-file.ts';
import { inWords, receiptIn, verifyDocument, verifyProof } from './verify-document.ts';

export interface VerifyOutput {
  readonly print: (text: string) => void;
  readonly complain: (text: string) => void;
}

/** 0: everything that was checked holds. 1: something does not. 2: there was nothing to check. */
export type VerifyExit = 0 | 1 | 2;

/** What cannot be read, in words for whoever named it. */
class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/** Checks a bundle or a receipt offline, and says in words what was checked and exactly what fails. */
export async function runVerify(words: readonly string[], output: VerifyOutput): Promise<VerifyExit> {
  const read = readVerifyArguments(words);
  if ('problem' in read) {
    output.complain(`${read.problem}\n\n${usage}`);
    return 2;
  }
  try {
    if (!(await Bun.file(read.file).exists())) throw new Unreadable(`${read.file} is not there`);
    const remembered = await readRemembered(read.rememberFile);
    const receiptKeys = read.keysFile === null ? null : await readJson(read.keysFile);
    const logKeys = await readLogKeys(read.logKeys);
    const given = { ...read, remembered, receiptKeys, logKeys };
    return (await isBundleFile(read.file)) ? await verifyWhole(given, output) : await verifyOne(given, output);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    output.complain(error.message);
    return 2;
  }
}

interface Given extends VerifyArguments {
  readonly remembered: RememberedCheckpoint | null;
  readonly receiptKeys: unknown;
}

async function verifyWhole(given: Given, { print }: VerifyOutput): Promise<VerifyExit> {
  const verified = await verifyBundleFile(given.file, given);
  for (const line of stepLines(bundleSteps(verified))) print(line);
  if (!verified.ok) {
    print(`\nThis does not hold:\n${findingLines(verified.findings).join('\n')}`);
    print('\nThis bundle must not be believed.');
    return 1;
  }
  print(`\n${verified.summary.receipts} receipts hold, and the log has each of them.`);
  if (given.rememberFile !== null) print(await remember(given.rememberFile, verified, given.remembered));
  return 0;
}

/** Keeps the newest checkpoint that holds; an older one than before would forget what is known already. */
async function remember(
  path: string,
  verified: BundleVerification,
  before: RememberedCheckpoint | null,
): Promise<string> {
  const { checkpoint, keys, receiptKeys } = verified;
  const size = checkpoint?.checkpoint.size ?? 0n;
  if (checkpoint === null || size < (before?.checkpoint.size ?? 0n)) return `${path} stays as it is.`;
  const text = formatRememberedCheckpoint({
    note: checkpoint.note,
    logKeys: keys.logKeys,
    // It was read as a key set, or no receipt would hold.
    receiptKeys: receiptKeys as KeySetDocument,
  });
  await writeFile(`${path}.next`, text, { mode: 0o600 });
  await rename(`${path}.next`, path);
  const first = before === null && (keys.log === 'bundle' || keys.receipts === 'bundle');
  return `${path} remembers ${size} leaves now${first ? ', and the keys that came with the bundle' : ''}.`;
}

async function verifyOne(given: Given, { print, complain }: VerifyOutput): Promise<VerifyExit> {
  const keys = given.receiptKeys ?? given.remembered?.receiptKeys ?? null;
  if (keys === null) {
    complain(`A receipt is checked under published keys: --keys <file>.\n\n${usage}`);
    return 2;
  }
  const document = receiptIn(await readJson(given.file));
  const steps: VerificationStep[] = verifyDocument({ document, keys });
  if (given.proofFile !== null) {
    const logKeys = given.logKeys.length > 0 ? given.logKeys : (given.remembered?.logKeys ?? []);
    const proof = await readText(given.proofFile);
    steps.push(...verifyProof({ document, proof, logKeys, remembered: given.remembered?.checkpoint ?? null }));
  }
  for (const line of stepLines(steps)) print(line);
  const isSound = steps.every(({ holds }) => holds);
  print(isSound ? `\n${inWords(document)}` : '\nThis receipt must not be believed.');
  return isSound ? 0 : 1;
}

async function readText(path: string): Promise<string> {
  try {
    return await Bun.file(path).text();
  } catch (error) {
    throw new Unreadable(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readText(path));
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    throw new Unreadable(`${path} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function readRemembered(path: string | null): Promise<RememberedCheckpoint | null> {
  if (path === null || !(await Bun.file(path).exists())) return null;
  const remembered = parseRememberedCheckpoint(await readText(path));
  // To begin anew without it would be to forget what it is there to remember.
  if (!remembered) throw new Unreadable(`${path} does not hold a remembered checkpoint; it is left as it is`);
  return remembered;
}

/** A verifier key, or a file with one on each line. */
async function readLogKeys(named: readonly string[]): Promise<readonly string[]> {
  const keys: string[] = [];
  for (const text of named) {
    const source = parseVerifierKey(text) === undefined ? await readText(text) : text;
    keys.push(
      ...source
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== ''),
    );
  }
  return keys;
}
