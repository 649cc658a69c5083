import { cosignatureType, ed25519Type, parseVerifierKey, type NoteKey, type NoteKeyType } from './note-key.ts';
import { policyBytesMax, policyLinesMax } from './log-limits.ts';
import { decodeText } from './note-text.ts';

/** A log or a witness that a policy names, and where it is reached; null where the file does not say. */
export interface PolicyParty {
  readonly key: NoteKey;
  readonly url: string | null;
}

/** Which cosignatures suffice: none at all, that of one witness, or those of `threshold` of the members. */
export type Quorum = { readonly kind: 'none' } | QuorumMember;

export type QuorumMember =
  | { readonly kind: 'witness'; readonly key: NoteKey }
  | { readonly kind: 'group'; readonly threshold: number; readonly members: readonly QuorumMember[] };

/** Whom a verifier trusts (C2SP tlog-policy). */
export interface TlogPolicy {
  /** A checkpoint of any of them is accepted. The name of each key is the origin of its log. */
  readonly logs: readonly PolicyParty[];
  readonly witnesses: readonly PolicyParty[];
  readonly quorum: Quorum;
}

export type TlogPolicyResult =
  | { readonly ok: true; readonly policy: TlogPolicy }
  /** Which line, counted from one, cannot be accepted and why. */
  | { readonly ok: false; readonly line: number; readonly detail: string };

const numberPattern = /^[1-9]\d{0,4}$/;
// The only control characters that are allowed are tab and newline.
const controlPattern = /(?![\t\n\x80-\x9f])\p{Cc}/u;

/**
 * Reads a policy file (C2SP tlog-policy, Policy file syntax and structure). Unlike there its text must be UTF-8, and keys must be
 * Ed25519 ones. A last line without its end is refused: half a name can be another name. Never throws.
 */
export function parseTlogPolicy(source: string | Uint8Array): TlogPolicyResult {
  const text = typeof source === 'string' ? source : source.length <= policyBytesMax && decodeText(source);
  if (text === undefined || text === false || text.length > policyBytesMax) return refuse(1, 'not a short UTF-8 text');
  const lines = text.split('\n', policyLinesMax + 2);
  if (lines.pop() !== '') return refuse(lines.length + 1, 'the last line does not end');
  const draft: Draft = { logs: [], witnesses: [], names: new Map(), used: new Set(), quorum: null };
  for (const [at, line] of lines.entries()) {
    if (controlPattern.test(line)) return refuse(at + 1, 'a control character');
    const items = line.split(/[ \t]+/).filter((item) => item !== '');
    const [keyword = '#', ...rest] = items;
    if (keyword.startsWith('#')) continue;
    const fault = readLine(draft, keyword, rest);
    if (fault !== null) return refuse(at + 1, fault);
  }
  const { logs, witnesses, quorum } = draft;
  if (quorum === null) return refuse(lines.length, 'there is no quorum line');
  return { ok: true, policy: { logs, witnesses, quorum } };
}

/** Whether the witnesses that have cosigned suffice. */
export function meetsQuorum(quorum: Quorum, hasCosigned: (key: NoteKey) => boolean): boolean {
  if (quorum.kind === 'none') return true;
  if (quorum.kind === 'witness') return hasCosigned(quorum.key);
  return quorum.members.filter((member) => meetsQuorum(member, hasCosigned)).length >= quorum.threshold;
}

interface Draft {
  readonly logs: PolicyParty[];
  readonly witnesses: PolicyParty[];
  readonly names: Map<string, QuorumMember>;
  /** Names that are members of a group already. */
  readonly used: Set<string>;
  quorum: Quorum | null;
}

/** Adds one line to the draft; gives what is wrong with it, or null. */
function readLine(draft: Draft, keyword: string, items: readonly string[]): string | null {
  if (keyword === 'log') return addParty(draft.logs, { items, type: ed25519Type, what: 'log' });
  if (keyword === 'witness') return addWitness(draft, items);
  if (keyword === 'group') return addGroup(draft, items);
  if (keyword === 'quorum') return setQuorum(draft, items);
  return 'begins with none of log, witness, group and quorum';
}

function addParty(
  parties: PolicyParty[],
  input: { readonly items: readonly string[]; readonly type: NoteKeyType; readonly what: string },
): string | null {
  const [text = '', url = null, ...rest] = input.items;
  const key = parseVerifierKey(text);
  if (key?.type !== input.type) return `not a verifier key of a ${input.what}`;
  if (rest.length > 0) return 'more than a key and an address';
  const isKnown = parties.some((party) => party.key.publicKey.join() === key.publicKey.join());
  if (isKnown) return `a ${input.what} with this key is there already`;
  parties.push({ key, url });
  return null;
}

function addWitness(draft: Draft, [name = '', ...items]: readonly string[]): string | null {
  const fault = nameFault(draft, name) ?? addParty(draft.witnesses, { items, type: cosignatureType, what: 'witness' });
  const key = draft.witnesses.at(-1)?.key;
  if (fault !== null || key === undefined) return fault;
  draft.names.set(name, { kind: 'witness', key });
  return null;
}

function addGroup(draft: Draft, [name = '', count = '', ...memberNames]: readonly string[]): string | null {
  const fault = nameFault(draft, name);
  if (fault !== null) return fault;
  const members: QuorumMember[] = [];
  for (const memberName of memberNames) {
    const member = draft.names.get(memberName);
    if (member === undefined) return `${memberName} is not defined above`;
    if (draft.used.has(memberName)) return `${memberName} is a member already`;
    draft.used.add(memberName);
    members.push(member);
  }
  const threshold = thresholdOf(count, members.length);
  if (threshold === undefined) return 'the number of members that suffice is not one from 1 to as many as there are';
  draft.names.set(name, { kind: 'group', threshold, members });
  return null;
}

function thresholdOf(text: string, members: number): number | undefined {
  const words: Readonly<Record<string, number>> = { all: members, any: 1 };
  const threshold = numberPattern.test(text) ? Number(text) : Object.hasOwn(words, text) ? words[text] : undefined;
  return threshold !== undefined && threshold >= 1 && threshold <= members ? threshold : undefined;
}

function setQuorum(draft: Draft, [name = '', ...rest]: readonly string[]): string | null {
  if (draft.quorum !== null) return 'a second quorum line';
  const quorum: Quorum | undefined = name === 'none' ? { kind: 'none' } : draft.names.get(name);
  if (quorum === undefined) return `${name} is not defined above`;
  if (rest.length > 0) return 'more than one name';
  draft.quorum = quorum;
  return null;
}

function nameFault(draft: Draft, name: string): string | null {
  if (name === '' || name === 'none') return 'a name is missing';
  return draft.names.has(name) ? `${name} is defined already` : null;
}

function refuse(line: number, detail: string): TlogPolicyResult {
  return { ok: false, line, detail };
}
