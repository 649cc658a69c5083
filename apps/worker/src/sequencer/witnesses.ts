import {
  type Archive,
  checkpointPath,
  consistencyFromArchive,
  formatAddCheckpoint,
  formatNote,
  formatVerifierKey,
  type LogPlace,
  meetsQuorum,
  type NoteSignature,
  parseCheckpoint,
  parseNote,
  type PolicyParty,
  type Quorum,
  type WitnessedTree,
} from '@karmanflow/receipts';
import { sequencerLimits } from './sequencer-limits.ts';
import { submitCheckpoint, type Submission, type WitnessAnswer } from './witness-client.ts';

/**
 * What came of asking a witness, beside its answers:
 * ahead     it has cosigned a larger tree than there is: what is here was rolled back, or it lies
 * fork      of this size it has cosigned another tree: there are two histories, or it lies
 * unproven  no proof leads here from the size that it names, which no published checkpoint has, or it names sizes on end
 * resting   it failed a moment ago and was not asked
 */
export const witnessOutcomes = [
  'cosigned',
  'refused',
  'invalid',
  'unreachable',
  'ahead',
  'fork',
  'unproven',
  'resting',
] as const;

export type WitnessOutcome = (typeof witnessOutcomes)[number];

export interface WitnessReport {
  /** The name of its key. */
  readonly witness: string;
  readonly outcome: WitnessOutcome;
  readonly detail: string;
}

export interface Cosigning {
  /** The note with the cosignatures that came in time, behind the signatures that it had. */
  readonly note: string;
  readonly hasQuorum: boolean;
  readonly reports: readonly WitnessReport[];
}

/** The witnesses of one log, and what each of them is known to have cosigned last. */
export interface Witnesses {
  /**
   * Asks them to cosign a checkpoint whose tiles are archived. Resolves when all have answered, soon after a quorum has,
   * or at the deadline; whoever failed is left in peace for a while. Throws what the archive throws.
   */
  cosign(checkpoint: SignedCheckpoint): Promise<Cosigning>;
}

export interface SignedCheckpoint extends WitnessedTree {
  readonly place: LogPlace;
  readonly note: string;
}

export type ReachableParty = Submission['witness'];

export interface WitnessesOptions {
  readonly witnesses: readonly ReachableParty[];
  readonly quorum: Quorum;
  readonly archive: Archive;
  readonly monotonicNow: () => number;
  readonly deadlineMilliseconds?: number;
  readonly graceMilliseconds?: number;
}

interface Standing {
  readonly party: ReachableParty;
  /** What it cosigned last; the empty tree while that is not known, which makes it say. */
  last: WitnessedTree;
  failures: number;
  /** By the monotonic clock: not asked before. */
  notBefore: number;
}

const nothing: WitnessedTree = { size: 0n, root: new Uint8Array(0) };

export function createWitnesses(options: WitnessesOptions): Witnesses {
  const { quorum, archive, monotonicNow } = options;
  const {
    deadlineMilliseconds = sequencerLimits.witnessDeadlineMilliseconds,
    graceMilliseconds = sequencerLimits.witnessGraceMilliseconds,
  } = options;
  const standings = options.witnesses.map((party): Standing => ({ party, last: nothing, failures: 0, notBefore: 0 }));

  async function cosign(checkpoint: SignedCheckpoint): Promise<Cosigning> {
    const over = new AbortController();
    const cosigned = new Map<string, NoteSignature>();
    const hasQuorum = (): boolean => meetsQuorum(quorum, (key) => cosigned.has(formatVerifierKey(key)));
    const timers = [setTimeout(() => over.abort(), deadlineMilliseconds)];
    const reports = await Promise.all(
      standings.map(async (standing): Promise<WitnessReport> => {
        if (standing.notBefore > monotonicNow()) return report(standing.party, 'resting', 'failed a moment ago');
        const asked = await orAborted(ask(standing, checkpoint, over.signal), over.signal);
        if (asked.kind !== 'cosigned') {
          standing.failures += 1;
          standing.notBefore = monotonicNow() + restMilliseconds(standing.failures);
          return report(standing.party, asked.kind, asked.detail);
        }
        standing.failures = 0;
        standing.last = { size: checkpoint.size, root: checkpoint.root };
        cosigned.set(formatVerifierKey(standing.party.key), asked.signature);
        // The others get a moment more, so that a quorum does not mean that the slower ones never sign.
        if (hasQuorum()) timers.push(setTimeout(() => over.abort(), graceMilliseconds));
        return report(standing.party, 'cosigned', '');
      }),
    ).finally(() => {
      for (const timer of timers) clearTimeout(timer);
      over.abort();
    });
    // In the order of the policy, whoever was first.
    const added = standings.flatMap(({ party }) => cosigned.get(formatVerifierKey(party.key)) ?? []);
    return { note: withSignatures(checkpoint.note, added), hasQuorum: hasQuorum(), reports };
  }

  /** One question, and those that follow from its answers: whoever names another size is asked from there. */
  async function ask(standing: Standing, checkpoint: SignedCheckpoint, signal: AbortSignal): Promise<Asked> {
    let from = standing.last;
    for (let question = 1; question <= sequencerLimits.witnessQuestions; question += 1) {
      const proof = await proofFrom(from, checkpoint);
      if (proof === undefined) return { kind: 'unproven', detail: `no proof leads here from size ${from.size}` };
      const body = formatAddCheckpoint({ oldSize: from.size, proof, checkpoint: checkpoint.note });
      const answer = await submitCheckpoint({ witness: standing.party, body, note: checkpoint.note }, signal);
      if (answer.kind !== 'stale') return answer;
      const { size } = answer;
      if (size > checkpoint.size)
        return { kind: 'ahead', detail: `has cosigned size ${size}, there is ${checkpoint.size}` };
      if (size === from.size) return sameSizeAgain(from, checkpoint);
      const root = await rootAt(size, checkpoint);
      if (root === undefined) return { kind: 'unproven', detail: `no checkpoint of size ${size} was published` };
      from = { size, root };
    }
    return { kind: 'unproven', detail: 'names another size each time' };
  }

  /** The proof from what a witness cosigned last, undefined when there is none: then one of the two was changed. */
  async function proofFrom(
    from: WitnessedTree,
    { place, size, root }: SignedCheckpoint,
  ): Promise<readonly Uint8Array[] | undefined> {
    if (from.size === 0n || from.size === size) return [];
    const trees = { place, size1: from.size, root1: from.root, size2: size, root2: root };
    const found = await consistencyFromArchive(archive, trees);
    return found.ok ? found.proof : undefined;
  }

  /** The root that was published of a size. Nothing rests on it: the proof from it leads to the root that was signed. */
  async function rootAt(size: bigint, checkpoint: SignedCheckpoint): Promise<Uint8Array | undefined> {
    if (size === 0n) return nothing.root;
    if (size === checkpoint.size) return checkpoint.root;
    const bytes = await archive.read(checkpointPath(checkpoint.place, size));
    return bytes && parseCheckpoint(parseNote(bytes)?.text ?? '')?.root;
  }

  return { cosign };
}

type Asked =
  | Exclude<WitnessAnswer, { readonly kind: 'stale' }>
  | { readonly kind: 'ahead' | 'fork' | 'unproven'; readonly detail: string };

/** 409 with the very size that it was asked from: of the checkpoint's own size it has another root. */
function sameSizeAgain(from: WitnessedTree, checkpoint: SignedCheckpoint): Asked {
  if (from.size === checkpoint.size) return { kind: 'fork', detail: `has cosigned another tree of size ${from.size}` };
  return { kind: 'invalid', detail: 'refuses the size that it names' };
}

/** What comes of it, or that it took too long: the archive knows no signal, and a witness need not heed one. */
async function orAborted(asking: Promise<Asked>, signal: AbortSignal): Promise<Asked> {
  const late = Promise.withResolvers<Asked>();
  const giveUp = (): void => late.resolve({ kind: 'unreachable', detail: 'did not answer in time' });
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    if (signal.aborted) giveUp();
    return await Promise.race([asking, late.promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
    // The loser of the race still ends some day; nobody is left to hear of its failure.
    asking.catch(() => undefined);
  }
}

function restMilliseconds(failures: number): number {
  const { witnessRestMilliseconds: first, witnessRestMillisecondsMax: most } = sequencerLimits;
  return Math.min(most, first * 2 ** Math.min(failures - 1, 16));
}

function withSignatures(note: string, added: readonly NoteSignature[]): string {
  const parsed = parseNote(note);
  if (parsed === undefined) throw new TypeError('not a signed checkpoint');
  return formatNote({ text: parsed.text, signatures: [...parsed.signatures, ...added] });
}

function report(party: PolicyParty, outcome: WitnessOutcome, detail: string): WitnessReport {
  return { witness: party.key.name, outcome, detail };
}
