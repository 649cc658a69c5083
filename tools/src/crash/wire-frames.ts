/** One message of the Postgres protocol (version 3, «Message Formats»). */
export interface Frame {
  /** The letter before the length; empty for the first message of a client, which has none. */
  readonly type: string;
  /** The whole message as it came. */
  readonly bytes: Buffer;
}

const startupProtocolMajor = 3;
const frameBytesMax = 64 * 1024 * 1024;

/** Cuts a byte stream into messages, however it arrives. Throws on what cannot be this protocol, TLS included. */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0);
  #isUntyped: boolean;

  constructor(side: 'client' | 'server') {
    this.#isUntyped = side === 'client';
  }

  push(chunk: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    for (;;) {
      const letters = this.#isUntyped ? 0 : 1;
      if (this.#rest.length < letters + 4) return frames;
      const length = this.#rest.readUInt32BE(letters) + letters;
      if (length > frameBytesMax) throw new Error(`a message of ${length} bytes is not Postgres protocol`);
      if (this.#rest.length < length) return frames;
      const bytes = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      frames.push({ type: bytes.toString('latin1', 0, letters), bytes });
      if (this.#isUntyped) this.#isUntyped = !isStartup(bytes);
    }
  }
}

/** A request for TLS comes before the startup message and leaves the stream untyped; a cancel request ends it. */
function isStartup(bytes: Buffer): boolean {
  return bytes.length >= 8 && bytes.readUInt16BE(4) === startupProtocolMajor;
}

/** The text fields, each ended by a zero byte, with which the body of a message begins. */
export function textFields(frame: Frame, count: number): string[] {
  const fields: string[] = [];
  let from = frame.type.length + 4;
  while (fields.length < count) {
    const end = frame.bytes.indexOf(0, from);
    if (end < 0) return fields;
    fields.push(frame.bytes.toString('utf8', from, end));
    from = end + 1;
  }
  return fields;
}
