import { isId } from '@karmanflow/schema';
import * as v from 'valibot';
import { formatReceiverSecret, parseReceiverSecret, receiverSecretName } from '../receiver/receiver-secret.ts';
import type { Demo } from './demo.ts';
import { type LocalProblem, type Result, accepted, refused } from './local-problem.ts';
import type { LocalSecrets } from './local-secrets.ts';

const answerDeadlineMilliseconds = 15_000;

const answerShape = v.looseObject({
  data: v.looseObject({ subscriptionId: v.custom<`whs_${string}`>((value) => isId('webhookSubscription', value)) }),
  secret: v.optional(v.pipe(v.string(), v.startsWith('whsec_'))),
});
type Answer = v.InferOutput<typeof answerShape>;

interface SubscribeOrder {
  /** Where the console's API and the receiver listen. */
  readonly apiUrl: string;
  readonly receiverUrl: string;
  readonly demo: Demo;
  readonly secrets: LocalSecrets;
}

/**
 * Subscribes the demo's receiver to the events of the sandbox, as a partner would: by the command, over HTTP. The secret is in
 * the first answer and nowhere else, so it is written down for the receiver; where it was not, the subscription gets another.
 * Safe to repeat. Problems: `app_not_ready` with what the API answered.
 */
export async function subscribeReceiver(order: SubscribeOrder): Promise<Result<null, LocalProblem>> {
  const { receiverUrl, secrets } = order;
  const made = await send(order, {
    command: 'create_subscription',
    key: `demo:receiver:${receiverUrl}`,
    input: {
      url: `${receiverUrl}/hooks`,
      eventTypes: ['inventory.*', 'webhook.*'],
      description: 'The receiver that `bun run up` starts',
      asymmetric: true,
    },
  });
  if (!made.ok) return made;
  const { subscriptionId } = made.value.data;
  const kept = parseReceiverSecret((await secrets.read(receiverSecretName)) ?? '');
  if (made.value.secret === undefined && kept?.subscriptionId === subscriptionId) return accepted(null);
  const told =
    made.value.secret === undefined
      ? await send(order, {
          command: 'rotate_secret',
          key: `demo:receiver:${crypto.randomUUID()}`,
          input: { subscriptionId, overlapSeconds: 0 },
        })
      : made;
  if (!told.ok) return told;
  const { secret } = told.value;
  if (secret === undefined) return refused(problem('its answer has no secret'));
  await secrets.write(receiverSecretName, formatReceiverSecret({ subscriptionId, secret }));
  return accepted(null);
}

async function send(
  { apiUrl, demo }: SubscribeOrder,
  call: { readonly command: string; readonly key: string; readonly input: unknown },
): Promise<Result<Answer, LocalProblem>> {
  const response = await fetch(`${apiUrl}/v1/webhook/${call.command}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${demo.keys.sandbox}`,
      'content-type': 'application/json',
      'idempotency-key': call.key,
    },
    body: JSON.stringify(call.input),
    signal: AbortSignal.timeout(answerDeadlineMilliseconds),
  }).catch(() => null);
  if (response === null) return refused(problem('it did not answer'));
  const text = await response.text();
  const parsed = response.ok ? v.safeParse(answerShape, JSON.parse(text)) : null;
  // Never the text of a success: the secret is in it.
  if (parsed?.success !== true) return refused(problem(`${response.status} ${response.ok ? '' : text.slice(0, 500)}`));
  return accepted(parsed.output);
}

function problem(said: string): LocalProblem {
  return {
    code: 'app_not_ready',
    message: `The console's API did not subscribe the receiver of the demo: ${said}.`,
    whatToDo: 'Look at its log; if the demo was made by an earlier state of the code, run `bun run reset`.',
  };
}
