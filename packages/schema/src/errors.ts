import { entry, type ErrorEntry } from './error-entry.ts';
import { ingestRefusals } from './ingest-errors.ts';
import { webhookRefusals } from './webhook-errors.ts';

export type { ErrorEntry } from './error-entry.ts';

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
  credential_ambiguous: entry(
    400,
    'The request brings a key and a session at once',
    'Send either the Authorization header or the session cookie, never both.',
  ),
  session_required: entry(
    401,
    'The session is missing, unknown, ended or was idle for too long',
    'Log in again at /login?returnTo=<path>, and pick an environment.',
  ),
  csrf_token_invalid: entry(
    403,
    'The request does not prove that it comes from our own pages',
    'Send the header x-karmanflow-csrf with the token of GET /v1/session, from a page of this origin.',
  ),
  login_failed: entry(
    400,
    'The login could not be completed',
    'Begin again at /login; what was not as it should be is in `detail`.',
  ),
  identity_unknown: entry(
    403,
    'Nobody here is known by the identity that logged in',
    'Ask an administrator of your tenant to link the identity that `detail` names, and to grant it a role.',
  ),
  login_unavailable: entry(
    503,
    'No identity provider answers; nothing was done',
    'Wait for Retry-After and begin again at /login; API keys work meanwhile.',
    { retryable: true },
  ),
  policy_denied: entry(
    403,
    'Policy does not allow this command for this actor',
    'Ask an administrator for the scope that `rule` names, or let an entitled actor send the command.',
  ),
  cursor_elsewhere: entry(
    400,
    'The cursor was given out in another environment',
    'Send a cursor that this environment has given out, or leave it out to begin at its first event.',
  ),
  cursor_ahead: entry(
    409,
    'The stream does not reach as far as the cursor: the database has been put back to an earlier state',
    'Begin again at a cursor from before that state, or at the first event, and take what is known by its event id.',
  ),
  proof_pending: entry(
    409,
    'The receipt is committed and not yet under a published checkpoint',
    'Wait for Retry-After and ask again; that it stays so for longer than a minute is something to report.',
    { retryable: true },
  ),
  log_unavailable: entry(
    503,
    'The archive of the log does not answer or is not known to this instance; nothing was done',
    'Wait for Retry-After and send the same request again; the receipt itself is valid without its proof.',
    { retryable: true },
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
  rate_limited: entry(
    429,
    'More arrives than was agreed upon; nothing was done',
    'Wait for Retry-After and send the same request again, and fewer at a time.',
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
  approval_not_found: entry(404, 'The approval does not exist here', 'Correct the approval id, or its level.'),
  approval_not_pending: entry(
    409,
    'The approval has come to its end',
    'Read its status; what was decided stays decided.',
  ),
  approval_expired: entry(
    409,
    'The approval was not decided in time',
    'Let the requester send the command again with a new idempotency key.',
  ),
  approval_not_expired: entry(409, 'The approval can still be decided', 'Wait until it expires, or decide it.'),
  approval_not_yours: entry(
    409,
    'Only who asked for a command takes it back',
    'Deny it instead, if you may decide upon it.',
  ),
  vote_not_allowed: entry(
    409,
    'This vote does not count',
    'Read `rule`: log in again, or let another human vote who stands apart from the requester.',
  ),
  oversell_scope_invalid: entry(
    409,
    'These ids together are not what a policy can be for',
    'Name a variant, a location, both of them, or a sales channel alone.',
  ),
  oversell_bound_invalid: entry(
    409,
    'The bound does not fit the mode',
    'Give LIMIT and BACKORDER a quantity of at least 1, and STRICT none.',
  ),
  oversell_policy_not_found: entry(404, 'There is no oversell policy for this', 'Set one first, or correct the ids.'),
  oversell_revision_limit_reached: entry(
    409,
    'The policy was changed as often as it can be',
    'Set a policy of another scope instead.',
  ),
  oversell_application_superseded: entry(
    409,
    'The policy was set again, or has reached its levels',
    'Nothing is left to do under this revision.',
  ),
  reservation_not_committed: entry(
    409,
    'Only a committed reservation is allocated',
    'Commit the reservation first; one that was resolved stays so.',
  ),
  reservation_allocated: entry(
    409,
    'The reservation is already allocated',
    'Read its allocations; to move one, override it.',
  ),
  allocation_not_found: entry(404, 'The reservation has no such allocation', 'Correct the id of the allocation.'),
  allocation_not_active: entry(
    409,
    'The allocation was moved or released',
    'Read the allocations of the reservation, and name one that stands.',
  ),
  allocation_quantity_differs: entry(
    409,
    'The quantities do not add up to the allocation',
    'Name locations for the whole quantity that `detail` tells, and for no more.',
  ),
  allocation_limit_reached: entry(
    409,
    'The reservation would have more allocations than it can have',
    'Name fewer locations; allocations that were moved count as well.',
  ),
  mass_cancel_not_found: entry(404, 'The mass cancellation does not exist here', 'Correct its id.'),
  mass_cancel_not_running: entry(
    409,
    'The mass cancellation has come to its end',
    'Read its status; to cancel more, ask for another one.',
  ),
  mass_cancel_bound_reached: entry(
    409,
    'As many reservations were cancelled as were approved',
    'Ask for another mass cancellation for what is left.',
  ),
  mass_cancel_unfinished: entry(
    409,
    'Reservations that match are left, and the bound is not reached',
    'Cancel them first, or stop the mass cancellation.',
  ),
  reservation_not_matching: entry(
    409,
    'The reservation is not one of those to cancel',
    'Nothing is to be done: it changed, or never matched the filter.',
  ),
  tenant_exists: entry(409, 'The tenant already exists', 'Use the existing tenant.'),
  api_key_not_found: entry(404, 'The API key does not exist', 'Correct the key id.'),
  api_key_revoked: entry(409, 'The API key is already revoked', 'Nothing is left to do.'),
  api_key_expired: entry(409, 'The API key has already expired', 'Issue a new key.'),
  principal_not_found: entry(404, 'The principal does not exist', 'Correct the principal id, or register it first.'),
  principal_disabled: entry(409, 'The principal is disabled', 'Use another principal; disabling is final.'),
  principal_not_person: entry(409, 'The principal is not a person', 'Name a principal of type USER.'),
  owner_not_eligible: entry(
    409,
    'The owner is not an active person of this tenant',
    'Name an active principal of type USER as the owner.',
  ),
  role_grant_not_found: entry(404, 'The role grant does not exist', 'Correct the id of the grant.'),
  role_grant_revoked: entry(409, 'The role grant is already revoked', 'Nothing is left to do.'),
  role_already_granted: entry(
    409,
    'The principal has this role there already',
    'Use the grant that `detail` names, or revoke it first.',
  ),
  grant_limit_reached: entry(
    409,
    'No further grant of this kind is possible',
    'Use another principal; grants that were revoked count as well.',
  ),
  last_administrator: entry(
    409,
    'Nobody would be left to administer the tenant',
    'Grant the role administrator to another person first, for the whole tenant and without an end.',
  ),
  risk_ceiling_too_high: entry(
    409,
    'A key of this principal may not reach that risk class',
    'Choose a ceiling of at most R2; only people propose R3.',
  ),
  identity_taken: entry(
    409,
    'The identity is linked to a principal already',
    'Unlink it from the principal that `detail` names first.',
  ),
  identity_limit_reached: entry(
    409,
    'The principal has as many identities as it can have',
    'Unlink one of its identities first.',
  ),
  identity_not_found: entry(
    404,
    'The principal has no such identity',
    'Correct the principal or the hash; an identity that was unlinked is none.',
  ),
  personal_data_not_found: entry(
    404,
    'There are no personal values of this principal',
    'Nothing is left to do; what was erased cannot be erased again.',
  ),
  session_not_found: entry(404, 'The session does not exist', 'Correct the session id.'),
  session_revoked: entry(409, 'The session has already ended', 'Nothing is left to do.'),
  environment_not_found: entry(404, 'The environment does not exist', 'Correct the environment id.'),
  environment_archived: entry(409, 'The environment is archived', 'Use another environment; archiving is final.'),
  environment_is_control: entry(
    409,
    'This is not possible with the control environment',
    'Name another environment of the tenant.',
  ),
  environment_limit_reached: entry(
    409,
    'The tenant has as many environments as it can have',
    'Archive an environment first.',
  ),
  command_type_unknown: entry(
    409,
    'The settings name a command that does not exist',
    'Correct the names that `detail` lists.',
  ),
  tenant_not_found: entry(404, 'The tenant does not exist', 'Correct the id of the tenant.'),
  tenant_bootstrapped: entry(409, 'The tenant is complete already', 'Nothing is left to do.'),
  end_out_of_range: entry(
    409,
    'The end lies in the past or too far ahead',
    'Choose an end within the range that `detail` names.',
  ),
} as const satisfies Record<string, ErrorEntry>;

export const errorCatalogue = { ...transport, ...refusals, ...ingestRefusals, ...webhookRefusals } as const;

export type ErrorCode = keyof typeof errorCatalogue;
/** What a command may answer after it was understood and authorised: a declared refusal, with a receipt. */
export type RefusalCode = keyof typeof refusals | keyof typeof ingestRefusals | keyof typeof webhookRefusals;
/** What can go wrong before or around a command. */
export type TransportErrorCode = keyof typeof transport;

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}
