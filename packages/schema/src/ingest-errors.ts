import { entry, type ErrorEntry } from './error-entry.ts';

/** What commands of ingest refuse: of sources, mappings, and messages in quarantine. */
export const ingestRefusals = {
  principal_not_connector: entry(
    409,
    'The principal is not a connector',
    'Name an active principal of type CONNECTOR.',
  ),
  ingest_source_not_found: entry(404, 'The ingest source does not exist', 'Correct the id of the source.'),
  ingest_source_paused: entry(409, 'The ingest source is paused already', 'Nothing is left to do.'),
  ingest_source_not_paused: entry(409, 'The ingest source is not paused', 'Nothing is left to do.'),
  ingest_source_unchanged: entry(409, 'The ingest source is like that already', 'Nothing is left to do.'),
  ingest_settings_invalid: entry(
    409,
    'The settings do not go with the preset of the source',
    'Correct what `problem` names.',
  ),
  secret_already_live: entry(
    409,
    'The source has this secret already',
    'Leave out the references that `detail` lists.',
  ),
  secret_not_live: entry(409, 'The source has no such secret', 'Leave out the references that `detail` lists.'),
  secret_count_out_of_range: entry(
    409,
    'The source would have too few or too many secrets',
    'Keep the number of its secrets within the range that `detail` names.',
  ),
  mapping_invalid: entry(409, 'The mapping is not one', 'Correct what `problems` lists.'),
  mapping_revision_limit_reached: entry(
    409,
    'The mapping was changed as often as it can be',
    'Register another source.',
  ),
  message_claimed: entry(
    409,
    'The message was taken before',
    'Nothing is left to do; a new intention needs a message with a new id and other content.',
  ),
  quarantine_full: entry(
    409,
    'The source holds as many messages as it can',
    'Release or discard messages of this source; its sender tries again meanwhile.',
  ),
  quarantined_message_not_found: entry(404, 'The message is not in quarantine here', 'Correct the id of the message.'),
  quarantined_message_not_held: entry(
    409,
    'The message is not held any more, or somebody asked for it already',
    'Read its status.',
  ),
  quarantined_message_expired: entry(
    409,
    'The time of the message is over',
    'Let its sender send it again, as a new message.',
  ),
  quarantined_message_not_expired: entry(
    409,
    'The message can still be decided upon',
    'Wait until it expires, or discard it.',
  ),
  quarantined_message_not_requested: entry(
    409,
    'Nobody asked for the message to be checked or released',
    'Ask for it first.',
  ),
} as const satisfies Record<string, ErrorEntry>;
