import { readFile } from 'node:fs/promises';
import { type NoteKey, parseTlogPolicy, type Quorum } from '@karmanflow/receipts';
import type { ReachableParty } from './witnesses.ts';

/** publish: without a quorum the checkpoint is published all the same · wait: it is not, until there is one. */
export const quorumModes = ['publish', 'wait'] as const;

export type QuorumMode = (typeof quorumModes)[number];

export interface WitnessSettings {
  readonly witnesses: readonly ReachableParty[];
  readonly quorum: Quorum;
  readonly withoutQuorum: QuorumMode;
}

/**
 * Reads whom to ask from a policy file (C2SP tlog-policy), the same that verifiers get, with the addresses of the witnesses.
 * `logKey` is the key of the log of logs. Throws when the file cannot be used as it is: a witness that is not asked, or a
 * policy of another log, would look like witnesses that fail.
 */
export async function readWitnessSettings(options: {
  readonly path: string;
  readonly withoutQuorum: QuorumMode;
  readonly logKey: NoteKey;
}): Promise<WitnessSettings> {
  const { path, withoutQuorum, logKey } = options;
  const read = parseTlogPolicy(await readFile(path));
  if (!read.ok) throw new Error(`${path}: line ${read.line}: ${read.detail}`);
  const { logs, witnesses, quorum } = read.policy;
  const isOurs = logs.some(({ key }) => key.name === logKey.name && key.publicKey.join() === logKey.publicKey.join());
  if (logs.length > 0 && !isOurs) throw new Error(`${path} names other logs than ${logKey.name} with its key`);
  if (witnesses.length === 0) throw new Error(`${path} names no witness`);
  const reachable = witnesses.map(({ key, url }): ReachableParty => {
    if (url === null || !isSafeUrl(url)) {
      throw new Error(`${path}: ${key.name} has no address, or one that is neither https nor http on loopback`);
    }
    return { key, url };
  });
  return { witnesses: reachable, quorum, withoutQuorum };
}

/** Nothing that is sent is secret, but who can change the answers can keep every cosignature away. */
function isSafeUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return false;
  const isLoopback = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback);
}
