import { readVectors } from '../../testing/read-vectors.ts';

/** The shape of packages/receipts/vectors/log/notes.json. Signatures are whole lines, with their newline. */
export interface NoteVectors {
  readonly specification: { readonly key: string; readonly text: string; readonly signatures: readonly string[] };
  readonly go: {
    readonly peterKey: string;
    readonly enochKey: string;
    readonly peterSeed: string;
    readonly text: string;
    readonly peterSignature: string;
    readonly enochSignature: string;
    readonly badKeys: readonly string[];
  };
  readonly otherKeys: readonly string[];
  readonly checkpointExample: {
    readonly origin: string;
    readonly size: string;
    readonly root: string;
    readonly signatures: readonly string[];
    readonly cosignedAtSeconds: string;
    readonly cosignedMessage: string;
  };
  readonly addCheckpointExample: {
    readonly oldSize: string;
    readonly proof: readonly string[];
    readonly signatures: readonly string[];
    readonly response: string;
  };
  readonly cosignedCheckpoint: {
    readonly note: string;
    readonly logKey: string;
    readonly witnessKeys: readonly string[];
  };
  readonly tlogProof: {
    readonly hashes: readonly string[];
    readonly index: string;
    readonly malformed: readonly string[];
  };
}

export const noteVectors = readVectors<NoteVectors>('log/notes.json');
