import { readBoundedBody } from '@karmanflow/runtime';
import { limits, type TransportErrorCode } from '@karmanflow/schema';
import { readJsonObject } from './read-json-object.ts';

export type RequestBodyResult =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly code: TransportErrorCode; readonly detail: string };

/** RFC 8259 section 11 defines no parameter; charset=utf-8 is what many clients add, and says what is demanded anyway. */
const jsonType = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i;

/** Reads a request's body, once, as one JSON object within the bounds of `limits`. */
export async function readJsonBody(request: Request): Promise<RequestBodyResult> {
  const contentType = request.headers.get('content-type');
  if (contentType !== 'application/json' && (contentType === null || !jsonType.test(contentType))) {
    return { ok: false, code: 'media_type_unsupported', detail: 'Content-Type must be application/json, in UTF-8' };
  }
  const read = await readBoundedBody(request, limits.requestBodyBytes);
  return read.ok ? readJsonObject(read.body) : read;
}
