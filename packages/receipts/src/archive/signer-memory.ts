import { decodeBase64, encodeBase64 } from '../log/base64.ts';
import { type Checkpoint, formatCheckpoint } from '../log/checkpoint.ts';
import { parseDecimal } from '../log/decimal.ts';
import { bytesEqual, isHash } from '../log/is-hash.ts';
import { treeSizeMax } from '../log/log-limits.ts';
import { verifyConsistency } from '../log/verify-consistency.ts';

/** The largest tree of a log that was signed. */
export interface SignedTree {
  readonly size: bigint;
  readonly root: Uint8Array;
}

/** What a signer remembers, by origin. */
export type SignerMemory = ReadonlyMap<string, SignedTree>;

/** A checkpoint that is to be signed, and what shows that it extends the one that was signed before. */
export interface SigningRequest extends Pick<Checkpoint, 'origin' | 'size' | 'root'> {
  /** Between the remembered tree and this one; empty when none is remembered, or when they are the same. */
  readonly consistency: readonly Uint8Array[];
  /** Whether a checkpoint of this log has been published before, as the caller knows. */
  readonly hasPredecessor: boolean;
}

/**
 * memory_lost   a checkpoint was published before, and the signer remembers none: it cannot tell what it would fork
 * rollback      the tree is smaller than one that was signed
 * fork          of this size another root was signed
 * inconsistent  the proof does not show that the signed tree is a prefix of this one
 */
export type SigningRefusalCode = 'memory_lost' | 'rollback' | 'fork' | 'inconsistent';

/** Why a checkpoint must not be signed after what is remembered, or null when it may be. */
export function signingRefusal(memory: SignerMemory, request: SigningRequest): SigningRefusalCode | null {
  const { origin, size, root, consistency, hasPredecessor } = request;
  const signed = memory.get(origin);
  if (signed === undefined) return hasPredecessor ? 'memory_lost' : null;
  if (size < signed.size) return 'rollback';
  if (size === signed.size) return bytesEqual({ left: root, right: signed.root }) ? null : 'fork';
  const claim = { size1: signed.size, root1: signed.root, size2: size, root2: root, proof: consistency };
  return verifyConsistency(claim) ? null : 'inconsistent';
}

/** One line of the journal in which a signer keeps its memory. Throws TypeError for what could not be read again: a bug. */
export function formatSignedTree({ origin, size, root }: SignedTree & { readonly origin: string }): string {
  formatCheckpoint({ origin, size, root });
  return `${origin} ${size} ${encodeBase64(root)}\n`;
}

/**
 * Reads a journal: of each origin the largest tree. A last line without its end was being written when the process died,
 * so that nothing was signed after it; it is left out. Undefined when any other line is malformed, or when two lines of one
 * origin and size have different roots.
 */
export function parseSignerJournal(text: string): SignerMemory | undefined {
  const memory = new Map<string, SignedTree>();
  const sizes = new Map<string, Uint8Array>();
  for (const line of text.split('\n').slice(0, -1)) {
    const [origin = '', sizeText = '', encoded = '', ...rest] = line.split(' ');
    const size = parseDecimal({ text: sizeText, max: treeSizeMax });
    const root = decodeBase64(encoded);
    if (origin === '' || size === undefined || !isHash(root) || rest.length > 0) return undefined;
    const other = sizes.get(`${origin} ${size}`);
    if (other !== undefined && !bytesEqual({ left: other, right: root })) return undefined;
    sizes.set(`${origin} ${size}`, root);
    if ((memory.get(origin)?.size ?? -1n) < size) memory.set(origin, { size, root });
  }
  return memory;
}
