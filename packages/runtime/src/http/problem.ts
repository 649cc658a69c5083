import { type ErrorCode, errorCatalogue, limits } from '@karmanflow/schema';

/** The members of a problem document that the catalogue and `problem` decide; extensions cannot replace them. */
const reservedMembers = ['type', 'title', 'status', 'code', 'detail', 'instance', 'whatToDo', 'retryable'] as const;

export interface ProblemOptions {
  /** What is particular to this occurrence. Public: never the text of an exception. */
  readonly detail?: string;
  /** The id of the request, which names the occurrence and finds its log lines. */
  readonly instance?: string;
  /** Further members, such as `issues`. */
  readonly extensions?: Readonly<Record<string, unknown>> & {
    readonly [Name in (typeof reservedMembers)[number]]?: never;
  };
  /** Further headers, such as Allow. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** RFC 9110 section 15.5.2: a 401 names a scheme by which the caller can authenticate. */
const challenges: { readonly [Code in ErrorCode]?: string } = {
  unauthenticated: 'Bearer realm="karmanflow"',
  // Browsers have no scheme for cookies, and programs have keys.
  session_required: 'Bearer realm="karmanflow"',
  signature_invalid: 'Webhook-Signature',
};

const statusesToWaitFor = new Set([409, 503]);

/** An error response by RFC 9457 (application/problem+json), with status, title and advice from the error catalogue. */
export function problem(code: ErrorCode, options: ProblemOptions = {}): Response {
  const { status, title, retryable, whatToDo } = errorCatalogue[code];
  const { detail, instance, extensions = {} } = options;
  for (const name of reservedMembers) {
    if (Object.hasOwn(extensions, name)) throw new TypeError(`${name} is not an extension of a problem`);
  }
  const document = {
    type: `/docs/errors#${code}`,
    title,
    status,
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(instance === undefined ? {} : { instance }),
    whatToDo,
    retryable,
    ...extensions,
  };
  const headers = new Headers(options.headers);
  headers.set('content-type', 'application/problem+json');
  headers.set('cache-control', 'no-store');
  if (retryable && statusesToWaitFor.has(status)) headers.set('retry-after', String(limits.retryAfterSeconds));
  const challenge = challenges[code];
  if (challenge !== undefined) headers.set('www-authenticate', challenge);
  return new Response(JSON.stringify(document), { status, headers });
}
