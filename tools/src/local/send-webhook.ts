import { type Demo, readDemo } from './demo.ts';
import { demoChannels, demoLocations, demoVariants } from './demo-plan.ts';
import { type LocalProblem, type Result, accepted, refused } from './local-problem.ts';
import { openLocalSecrets } from './local-secrets.ts';
import { type OrderMessage, type SignedRequest, curlCommand, signOrderMessage } from './order-message.ts';
import { readScriptOptions } from './read-script-options.ts';
import { readRunRecord } from './run-record.ts';
import { type ScriptContext, type ScriptEnd, runScript } from './run-script.ts';

// Usage: bun run webhook [--print] [--sku …] [--location …] [--channel …] [--quantity …] [--order …] [--message-id …]
// Sends an order as the partner of the demo would; with --print it prints a curl command that does. The same --order and
// --message-id again show that nothing happens twice.

const answerDeadlineMilliseconds = 15_000;
const optionTypes = {
  print: { type: 'boolean' },
  sku: { type: 'string' },
  location: { type: 'string' },
  channel: { type: 'string' },
  quantity: { type: 'string' },
  order: { type: 'string' },
  'message-id': { type: 'string' },
} as const;

await runScript(async (context) => {
  const options = readScriptOptions(optionTypes);
  if (!options.ok) return refused(options.problem);
  const { value: given } = options;
  const quantity = Number(given.quantity ?? '1');
  if (!Number.isSafeInteger(quantity)) {
    const message = '--quantity is not a whole number.';
    return refused({ code: 'setting_invalid', message, whatToDo: 'Give a number of units, such as 2.' });
  }
  const order: OrderMessage = {
    orderId: given.order ?? `order-${crypto.randomUUID().slice(0, 8)}`,
    salesChannel: given.channel ?? demoChannels[0]?.code ?? '',
    lines: [
      { sku: given.sku ?? demoVariants[0]?.sku ?? '', location: given.location ?? demoLocations[0].code, quantity },
    ],
  };
  const messageId = given['message-id'] ?? `msg_${crypto.randomUUID()}`;
  const request = await signedRequest({ context, order, messageId });
  if (!request.ok) return request;
  return given.print === true ? accepted({ text: curlCommand(request.value), exitCode: 0 }) : send(request.value);
});

/** The order, signed with the secret that the demo's ingest source knows. */
async function signedRequest(wanted: {
  readonly context: ScriptContext;
  readonly order: OrderMessage;
  readonly messageId: string;
}): Promise<Result<SignedRequest, LocalProblem>> {
  const { paths, settings } = wanted.context;
  const demo: Demo | null = await readDemo(paths.demo);
  const name = demo?.ingest.sandbox.secretRef.replace('secrets://', '') ?? null;
  const secret = name === null ? null : await openLocalSecrets(paths.secrets).read(name);
  if (demo === null || secret === null) {
    const message = `There is no demo in ${paths.directory}.`;
    return refused({ code: 'demo_missing', message, whatToDo: 'Run `bun run up` first; it makes one.' });
  }
  const running = (await readRunRecord(paths.run))?.apps.find(({ app }) => app === 'ingest');
  return accepted(
    signOrderMessage({
      order: wanted.order,
      ingestUrl: running?.url ?? `http://127.0.0.1:${settings.apps.ingest.port}`,
      address: demo.ingest.sandbox.address,
      secret,
      messageId: wanted.messageId,
      now: new Date(),
    }),
  );
}

async function send({ url, headers, body }: SignedRequest): Promise<Result<ScriptEnd, LocalProblem>> {
  const signal = AbortSignal.timeout(answerDeadlineMilliseconds);
  const response = await fetch(url, { method: 'POST', headers, body, signal }).catch(() => null);
  if (response === null) {
    const message = `Ingest does not answer at ${new URL(url).origin}.`;
    return refused({ code: 'app_not_ready', message, whatToDo: 'Start it with `bun run up` in another terminal.' });
  }
  const text = `${body}\n→ ${response.status}\n${await response.text()}`;
  return accepted({ text, exitCode: response.ok ? 0 : 1 });
}
