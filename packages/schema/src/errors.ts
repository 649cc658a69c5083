/**
 * The error catalogue. A code is a fact in snake case and never changes its meaning; status, title and advice follow from
 * it. `docs/reference/errors.md` is generated from this file, and every problem document (RFC 9457) names one of these.
 *
 * `retryable` says what the caller may do with the very same request and idempotency key.
 */
export interface ErrorEntry {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
  readonly whatToDo: string;
}

function entry(status: number, title: string, whatToDo: string, options: { retryable?: true } = {}): ErrorEntry {
  return { status, title, whatToDo, retryable: options.retryable ?? false };
}

const transport = {
  json_malformed: entry(400, 'The body is not valid JSON', 'Send one JSON object, encoded as UTF-8.'),
  input_invalid: entry(
    400,
    'The input does not have the expected shape',
    'Correct the fields that `issues` names; unknown fields are refused.',
  ),
  header_invalid: entry(400, 'A request header is malformed', 'Correct or leave out the header that `detail` names.'),
  idempotency_key_missing: entry(
    400,
    'The Idempotency-Key header is missing',
    'Send an Idempotency-Key that is new for each intended effect, and the same on each retry.',
  ),
  unauthenticated: entry(
    401,
    'The credential is missing, unknown, expired or revoked',
    'Send `Authorization: Bearer <key>` with a live key of this tenant.',
  ),
  policy_denied: entry(
    403,
    'Policy does not allow this command for this actor',
    'Ask an administrator for the scope that `rule` names, or let an entitled actor send the command.',
  ),
  not_found: entry(
    404,
    'There is nothing here',
    'Check the address and the ids; ids of another tenant or environment look the same as ids that do not exist.',
  ),
  method_not_allowed: entry(
    405,
    'The resource does not support this method',
    'Use a method that the Allow header names.',
  ),
  body_too_large: entry(413, 'The body is larger than allowed', 'Send less in one request; the limit is in `detail`.'),
  media_type_unsupported: entry(415, 'The body is not declared as JSON', 'Send `Content-Type: application/json`.'),
  idempotency_key_reused: entry(
    422,
    'The idempotency key was used with another payload',
    'Use a new key for a new intention; to see the first outcome send its payload again.',
  ),
  idempotency_key_in_flight: entry(
    409,
    'A command with this idempotency key is still running',
    'Wait for Retry-After and send the same request again.',
    { retryable: true },
  ),
  idempotency_key_elsewhere: entry(
    409,
    'The idempotency key was used in another environment of this tenant',
    'Use a key that is unique across the tenant.',
  ),
  overloaded: entry(
    503,
    'The queue for this work is full; nothing was done',
    'Wait for Retry-After and send the same request with the same idempotency key.',
    { retryable: true },
  ),
  draining: entry(
    503,
    'This instance is shutting down; nothing was done',
    'Send the same request again; another instance takes it.',
    { retryable: true },
  ),
  deadline_exceeded: entry(
    503,
    'The command was not started before its deadline; nothing was done',
    'Send the same request with the same idempotency key.',
    { retryable: true },
  ),
  database_unavailable: entry(
    503,
    'The database does not answer; nothing was done',
    'Wait for Retry-After and send the same request with the same idempotency key.',
    { retryable: true },
  ),
  outcome_unknown: entry(
    504,
    'The command may or may not have taken effect',
    'Send the same request with the same idempotency key: it runs at most once, and the answer tells what happened.',
    { retryable: true },
  ),
  internal_error: entry(
    500,
    'Something failed on our side',
    'Send the same request with the same idempotency key; if it persists, report the request id.',
    { retryable: true },
  ),
  signature_invalid: entry(
    401,
    'The signature does not verify',
    'Sign the exact bytes of the body with a live secret of this source and a current timestamp.',
  ),
  message_unprocessable: entry(
    422,
    'The message is authentic but cannot be turned into a command',
    'Correct the message; `detail` names what is missing or unknown.',
  ),
} as const satisfies Record<string, ErrorEntry>;

const refusals = {
  version_conflict: entry(
    409,
    'The entity has another version than expected',
    'Read the entity again, decide on its current state, and send a new command with a new key.',
  ),
  variant_not_found: entry(404, 'The variant does not exist here', 'Register the variant first, or correct its id.'),
  location_not_found: entry(404, 'The location does not exist here', 'Register the location first, or correct its id.'),
  sales_channel_not_found: entry(
    404,
    'The sales channel does not exist here',
    'Register the sales channel first, or correct its id.',
  ),
  inventory_level_not_found: entry(
    404,
    'The variant has never been stocked at this location',
    'Adjust on hand for this variant and location first.',
  ),
  reservation_not_found: entry(404, 'The reservation does not exist here', 'Correct the reservation id.'),
  sku_taken: entry(409, 'Another variant has this SKU', 'Use the existing variant, or another SKU.'),
  code_taken: entry(409, 'Another entity has this code', 'Use the existing one, or another code.'),
  location_not_in_channel: entry(
    409,
    'The sales channel does not sell from this location',
    'Reserve at a location of the channel, or change the channel.',
  ),
  stock_insufficient: entry(
    409,
    'Not enough is available to promise',
    'Reserve less, elsewhere or later; `detail` names the line and what is available.',
  ),
  on_hand_insufficient: entry(409, 'On hand would become negative', 'Adjust by no more than what is on hand.'),
  quantity_out_of_range: entry(409, 'A quantity would exceed what the system can hold', 'Use smaller quantities.'),
  hold_out_of_range: entry(
    409,
    'The hold would end in the past or too far in the future',
    'Choose a hold between the limits that `detail` names.',
  ),
  extension_limit_reached: entry(
    409,
    'The reservation cannot be extended again',
    'Commit it or create a new reservation.',
  ),
  reservation_not_active: entry(
    409,
    'The reservation is no longer active',
    'Read its status; a quantity resolves once.',
  ),
  reservation_expired: entry(409, 'The hold has expired', 'Create a new reservation; an expired hold never commits.'),
  reservation_not_expired: entry(409, 'The hold has not expired yet', 'Wait until it expires, or cancel it.'),
  tenant_exists: entry(409, 'The tenant already exists', 'Use the existing tenant.'),
  api_key_not_found: entry(404, 'The API key does not exist', 'Correct the key id.'),
  api_key_revoked: entry(409, 'The API key is already revoked', 'Nothing is left to do.'),
} as const satisfies Record<string, ErrorEntry>;

export const errorCatalogue = { ...transport, ...refusals } as const;

export type ErrorCode = keyof typeof errorCatalogue;
/** What a command may answer after it was understood and authorised: a declared refusal, with a receipt. */
export type RefusalCode = keyof typeof refusals;
/** What can go wrong before or around a command. */
export type TransportErrorCode = keyof typeof transport;

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}
