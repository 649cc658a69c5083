import { entry, type ErrorEntry } from './error-entry.ts';

/** What commands of webhooks refuse: of subscriptions, their health, and recoveries. */
export const webhookRefusals = {
  webhook_subscription_not_found: entry(
    404,
    'The webhook subscription does not exist here',
    'Correct the id of the subscription.',
  ),
  webhook_subscription_deleted: entry(
    409,
    'The webhook subscription is deleted',
    'Create another one; deleting is final.',
  ),
  webhook_subscription_limit_reached: entry(
    409,
    'The environment has as many webhook subscriptions as it can have',
    'Delete one that nobody needs, or let one carry more event types.',
  ),
  webhook_subscription_paused: entry(409, 'The webhook subscription is paused already', 'Nothing is left to do.'),
  webhook_subscription_not_stopped: entry(
    409,
    'The webhook subscription delivers; there is nothing to resume',
    'Pause it first, if it is to begin elsewhere.',
  ),
  webhook_secret_limit_reached: entry(
    409,
    'As many secrets as possible sign for this subscription already',
    'Wait until the overlap that `retiringUntil` names is over, or rotate with an overlap of 0.',
  ),
  webhook_delivery_not_found: entry(
    404,
    'The subscription has no such delivery, or none any more',
    'Correct its id. History is kept for a bounded time: recover the range of the stream in which the event stands.',
  ),
  webhook_recovery_not_found: entry(404, 'The recovery does not exist here', 'Correct its id.'),
  webhook_recovery_not_running: entry(409, 'The recovery has come to its end', 'Read its status.'),
  webhook_recovery_not_cancelled: entry(
    409,
    'Only a recovery that was cancelled goes on again',
    'Read its status; start another one for what is still missing.',
  ),
  webhook_recovery_limit_reached: entry(
    409,
    'The subscription has as many recoveries under way as it can have',
    'Wait until one is done, or cancel one.',
  ),
  webhook_recovery_overdone: entry(
    409,
    'The recovery would have sent more than it may',
    'Nothing is left to do; its bound was part of what was asked for.',
  ),
  webhook_health_superseded: entry(
    409,
    'What was observed is older than what is known',
    'Nothing is left to do: the endpoint had a fresh start, or a later observation stands.',
  ),
  webhook_health_unchanged: entry(409, 'The health of the endpoint is known as that already', 'Nothing is left to do.'),
} as const satisfies Record<string, ErrorEntry>;
