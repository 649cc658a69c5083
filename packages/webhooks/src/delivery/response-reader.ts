import { deliveryLimits } from './delivery-limits.ts';
import {
  addHeaderLine,
  frameBody,
  readChunkSize,
  readHeaderLine,
  readStatusLine,
  type ResponseHead,
} from './response-head.ts';

/** Why the bytes are no response that we accept. `reset` is an end before the end. */
export interface ResponseRefusal {
  readonly code: 'response_malformed' | 'response_too_large' | 'reset';
  readonly reason: string;
}

export type ReadProgress = { readonly kind: 'more' } | { readonly kind: 'complete' } | ResponseRefusal;

type Stage =
  | 'status'
  | 'headers'
  | 'length'
  | 'chunk_size'
  | 'chunk'
  | 'chunk_end'
  | 'trailers'
  | 'until_close'
  | 'over';

const more: ReadProgress = { kind: 'more' };
const complete: ReadProgress = { kind: 'complete' };
const lineFeed = 0x0a;

/**
 * Reads one response of HTTP/1.1 from bytes in any pieces, strictly and within `deliveryLimits`. It holds no more than
 * one line and the kept part of the body. Once it has answered with anything but `more` it wants no further bytes.
 */
export class ResponseReader {
  /** The final response, once its headers are complete. */
  head: ResponseHead | undefined;
  keptLength = 0;
  isTruncated = false;
  readonly #kept: Uint8Array;
  readonly #line = new Uint8Array(deliveryLimits.responseHeadersMaxBytes);
  #lineLength = 0;
  #stage: Stage = 'status';
  #draft: ResponseHead | undefined;
  #remaining = 0;
  #wireBytes = 0;
  #bodyBytes = 0;
  #headBytes = 0;
  #headerLines = 0;
  #informational = 0;

  constructor(limits: { readonly keptBytes: number }) {
    this.#kept = new Uint8Array(limits.keptBytes);
  }

  /** A copy of the first bytes of the body. */
  keptBytes(): Uint8Array {
    return this.#kept.slice(0, this.keptLength);
  }

  push(bytes: Uint8Array): ReadProgress {
    this.#wireBytes += bytes.length;
    let offset = 0;
    while (offset < bytes.length) {
      const rest = bytes.subarray(offset);
      const step = this.#isInBody() ? this.#takeBody(rest) : this.#takeLine(rest);
      if (step.progress !== more) return step.progress;
      offset += step.taken;
    }
    return this.#wireBytes > deliveryLimits.responseWireMaxBytes ? tooLarge('wire') : more;
  }

  /** The sender has closed its side. */
  end(): ReadProgress {
    if (this.#stage === 'until_close') {
      this.#stage = 'over';
      return complete;
    }
    return { code: 'reset', reason: this.#wireBytes === 0 ? 'closed_without_answer' : 'closed_early' };
  }

  #isInBody(): boolean {
    return this.#stage === 'length' || this.#stage === 'chunk' || this.#stage === 'until_close';
  }

  #takeBody(bytes: Uint8Array): { readonly taken: number; readonly progress: ReadProgress } {
    const taken = this.#stage === 'until_close' ? bytes.length : Math.min(bytes.length, this.#remaining);
    this.#keep(bytes.subarray(0, taken));
    this.#bodyBytes += taken;
    this.#remaining -= taken;
    if (this.#bodyBytes > deliveryLimits.responseBodyMaxBytes) return { taken, progress: tooLarge('body') };
    if (this.#stage === 'until_close' || this.#remaining > 0) return { taken, progress: more };
    if (this.#stage === 'length') {
      this.#stage = 'over';
      return { taken, progress: complete };
    }
    this.#stage = 'chunk_end';
    return { taken, progress: more };
  }

  #keep(bytes: Uint8Array): void {
    const fitting = bytes.subarray(0, this.#kept.length - this.keptLength);
    this.#kept.set(fitting, this.keptLength);
    this.keptLength += fitting.length;
    if (fitting.length < bytes.length) this.isTruncated = true;
  }

  #takeLine(bytes: Uint8Array): { readonly taken: number; readonly progress: ReadProgress } {
    const end = bytes.indexOf(lineFeed);
    const taken = end === -1 ? bytes.length : end + 1;
    const room = this.#lineRoom();
    if (taken > room) return { taken, progress: this.#lineTooLong() };
    this.#line.set(bytes.subarray(0, taken), this.#lineLength);
    this.#lineLength += taken;
    if (end === -1) return { taken, progress: more };

    const line = Buffer.from(this.#line.buffer, 0, this.#lineLength).toString('latin1');
    if (!this.#isChunkLine()) this.#headBytes += this.#lineLength;
    this.#lineLength = 0;
    // A line feed alone ends a line for some readers and not for others (RFC 9112 section 2.2).
    if (!line.endsWith('\r\n')) return { taken, progress: malformed('line_end') };
    return { taken, progress: this.#readLine(line.slice(0, -2)) };
  }

  #isChunkLine(): boolean {
    return this.#stage === 'chunk_size' || this.#stage === 'chunk_end';
  }

  #lineRoom(): number {
    if (this.#isChunkLine()) return deliveryLimits.chunkLineMaxBytes + 2 - this.#lineLength;
    return deliveryLimits.responseHeadersMaxBytes - this.#headBytes - this.#lineLength;
  }

  #lineTooLong(): ReadProgress {
    return this.#isChunkLine() ? malformed('chunk_size') : tooLarge('headers');
  }

  #readLine(line: string): ReadProgress {
    if (this.#stage === 'status') return this.#startHead(line);
    if (this.#stage === 'headers') return line === '' ? this.#finishHead() : this.#addHeader(line);
    if (this.#stage === 'chunk_size') return this.#startChunk(line);
    if (this.#stage === 'chunk_end') {
      this.#stage = 'chunk_size';
      return line === '' ? more : malformed('chunk_end');
    }
    if (this.#stage !== 'trailers') throw new Error('A response that is over was given more bytes.');
    if (line !== '') return this.#addHeader(line);
    this.#stage = 'over';
    return complete;
  }

  #startHead(line: string): ReadProgress {
    const status = readStatusLine(line);
    if (status === undefined) return malformed('status_line');
    this.#draft = { ...status, contentLengths: [], transferEncodings: [], kept: {} };
    this.#stage = 'headers';
    return more;
  }

  /** Trailers are counted and checked like headers, and then forgotten. */
  #addHeader(line: string): ReadProgress {
    this.#headerLines += 1;
    if (this.#headerLines > deliveryLimits.responseHeadersMax) return tooLarge('headers');
    const header = readHeaderLine(line);
    if (header === undefined || this.#draft === undefined) return malformed('header_line');
    if (this.#stage === 'headers') this.#draft = addHeaderLine(this.#draft, header);
    return more;
  }

  #finishHead(): ReadProgress {
    const head = this.#draft;
    if (head === undefined) throw new Error('A response has a status line before its headers.');
    if (head.status < 200) return this.#skipInformational(head.status);
    const framing = frameBody(head);
    if (framing.kind === 'refused') return malformed(framing.reason);
    this.head = head;
    if (framing.kind === 'length') {
      if (framing.bytes > deliveryLimits.responseBodyMaxBytes) return tooLarge('body');
      this.#remaining = framing.bytes;
    }
    if (framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0)) {
      this.#stage = 'over';
      return complete;
    }
    this.#stage = framing.kind === 'chunked' ? 'chunk_size' : framing.kind;
    return more;
  }

  #skipInformational(status: number): ReadProgress {
    this.#informational += 1;
    // 101 answers an Upgrade that we never send.
    if (status === 101) return malformed('switching_protocols');
    if (this.#informational > deliveryLimits.informationalResponsesMax) return malformed('informational_flood');
    this.#stage = 'status';
    return more;
  }

  #startChunk(line: string): ReadProgress {
    const size = readChunkSize(line);
    if (size === undefined) return malformed('chunk_size');
    if (this.#bodyBytes + size > deliveryLimits.responseBodyMaxBytes) return tooLarge('body');
    this.#remaining = size;
    this.#stage = size === 0 ? 'trailers' : 'chunk';
    return more;
  }
}

function malformed(reason: string): ReadProgress {
  return { code: 'response_malformed', reason };
}

function tooLarge(reason: string): ReadProgress {
  return { code: 'response_too_large', reason };
}
