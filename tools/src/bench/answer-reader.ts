export interface Answer {
  readonly status: number;
  /** The body as text, valid until the next chunk is read. */
  readonly body: () => string;
}

const bodyMarker = Buffer.from('\r\n\r\n');
const statusAt = 'HTTP/1.1 '.length;

/**
 * Reads the answers of one connection, one after the other: give it each chunk, get the answer when it is complete.
 * It understands what our servers send and no more; throws on an answer without Content-Length.
 */
export function answerReader(): (chunk: Buffer) => Answer | null {
  let kept: Buffer | null = null;
  return (chunk) => {
    const bytes = kept === null ? chunk : Buffer.concat([kept, chunk]);
    const headEnd = bytes.indexOf(bodyMarker);
    if (headEnd < 0) {
      kept = Buffer.from(bytes);
      return null;
    }
    const bodyAt = headEnd + bodyMarker.length;
    const length = contentLength(bytes, headEnd);
    if (bytes.length < bodyAt + length) {
      kept = Buffer.from(bytes);
      return null;
    }
    kept = null;
    return {
      status: Number(bytes.toString('latin1', statusAt, statusAt + 3)),
      body: () => bytes.toString('utf8', bodyAt, bodyAt + length),
    };
  };
}

function contentLength(bytes: Buffer, headEnd: number): number {
  const found = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, headEnd))?.[1];
  if (found === undefined) throw new Error('an answer without Content-Length');
  return Number(found);
}
