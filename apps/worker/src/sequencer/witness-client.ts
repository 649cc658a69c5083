import {
  formatNote,
  type NoteKey,
  type NoteSignature,
  parseNote,
  parseSignatureLines,
  type PolicyParty,
  verifyNote,
} from '@karmanflow/receipts';
import { sequencerLimits } from './sequencer-limits.ts';

/**
 * cosigned     a signature of its key over this checkpoint, verified
 * stale        it has cosigned another size last
 * refused      it answered with another status
 * invalid      its answer is none, or is not signed by its key
 * unreachable  it did not answer in time, or at all
 */
export type WitnessAnswer =
  | { readonly kind: 'cosigned'; readonly signature: NoteSignature }
  | { readonly kind: 'stale'; readonly size: bigint }
  | { readonly kind: 'refused' | 'invalid' | 'unreachable'; readonly detail: string };

export interface Submission {
  readonly witness: PolicyParty & { readonly url: string };
  /** The body of the request, and the signed checkpoint that is in it. */
  readonly body: string;
  readonly note: string;
}

const sizePattern = /^(0|[1-9]\d{0,18})\n$/;

/**
 * Submits a checkpoint to one witness (C2SP tlog-witness, add-checkpoint) and believes it nothing that its key does not show.
 * Signatures of other keys in the answer are ignored. Never throws: a witness that fails is an answer like others.
 */
export async function submitCheckpoint(submission: Submission, signal: AbortSignal): Promise<WitnessAnswer> {
  const { witness, body, note } = submission;
  try {
    const response = await fetch(`${witness.url.replace(/\/$/, '')}/add-checkpoint`, {
      method: 'POST',
      body,
      // A redirect is an answer that is refused: nobody but who was configured is asked.
      redirect: 'manual',
      signal,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'accept-encoding': 'identity' },
    });
    const text = await readBoundedText(response);
    if (text === undefined) return { kind: 'invalid', detail: 'the answer is too long or not UTF-8' };
    if (response.status === 409) return readSize(response, text);
    if (response.status !== 200) return { kind: 'refused', detail: `answered ${response.status}` };
    return readCosignature({ text, note, key: witness.key });
  } catch (error) {
    // Of the library's own words only the name: they may quote what came.
    const name = error instanceof Error ? error.name : 'unknown';
    return { kind: 'unreachable', detail: signal.aborted ? 'did not answer in time' : `could not be asked (${name})` };
  }
}

function readSize(response: Response, text: string): WitnessAnswer {
  const size = sizePattern.exec(text)?.[1];
  const type = response.headers.get('content-type')?.split(';')[0]?.trim();
  if (size === undefined || type !== 'text/x.tlog.size')
    return { kind: 'refused', detail: 'answered 409 without a size' };
  return { kind: 'stale', size: BigInt(size) };
}

function readCosignature(answer: {
  readonly text: string;
  readonly note: string;
  readonly key: NoteKey;
}): WitnessAnswer {
  const { text, note, key } = answer;
  const signatures = parseSignatureLines(text);
  const own = signatures?.find(({ name, keyId }) => name === key.name && keyId === key.keyId);
  if (own === undefined) return { kind: 'invalid', detail: 'the answer has no signature of its key' };
  const cosigned = formatNote({ text: parseNote(note)?.text ?? '', signatures: [own] });
  if (!verifyNote({ note: cosigned, keys: [key] }).ok) {
    return { kind: 'invalid', detail: 'the signature does not verify' };
  }
  return { kind: 'cosigned', signature: own };
}

/** The body as text, undefined when it is too long: what comes after that is not read. */
async function readBoundedText(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    // Leaving the loop cancels the stream.
    if (length > sequencerLimits.witnessAnswerBytes) return undefined;
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    return undefined;
  }
}
