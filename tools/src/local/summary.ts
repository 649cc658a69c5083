import { isAbsolute, relative } from 'node:path';
import type { Demo } from './demo.ts';
import { demoChannels, demoLocations, demoVariants } from './demo-plan.ts';
import type { RunningApp } from './running-app.ts';
import { shellCommand } from './shell-text.ts';

/** What stands behind the apps: our own server, or the one of DATABASE_URL. */
export interface SummarizedDatabase {
  readonly address: string;
  readonly processId: number | null;
  readonly logFile: string | null;
}

/** Who can log in. */
export interface SummarizedAccounts {
  readonly file: string;
  readonly subjects: readonly string[];
}

export interface SummaryContent {
  readonly root: string;
  readonly database: SummarizedDatabase;
  readonly apps: readonly Pick<RunningApp, 'app' | 'url' | 'processId' | 'logFile'>[];
  readonly demo: Demo;
  readonly accounts: SummarizedAccounts;
  /** How the reader runs a script of this checkout, from anywhere: everything but the name of the script. */
  readonly run: string;
  /** For the example request: new for each run. */
  readonly idempotencyKey: string;
}

/** What a person reads when everything runs: where it is, and commands to copy that work as they stand. */
export function summaryText(content: SummaryContent): string {
  const api = content.apps.find(({ app }) => app === 'console-api')?.url ?? null;
  const hasIngest = content.apps.some(({ app }) => app === 'ingest');
  const receiver = content.apps.find(({ app }) => app === 'receiver')?.url ?? null;
  const blocks = [
    placesBlock(content),
    api === null ? null : linksBlock({ api, demo: content.demo }),
    api === null ? null : reservationBlock({ ...content, api }),
    api === null ? null : peopleBlock({ ...content, api }),
    hasIngest ? webhookBlock(content) : null,
    receiver === null ? null : receiverBlock(receiver),
    api === null ? null : evidenceBlock({ api, demo: content.demo }),
    `Stop it with Ctrl-C, or from elsewhere with:\n\n${content.run} down`,
    `Throw its data away, once it has stopped, with:\n\n${content.run} reset`,
  ];
  return blocks.filter((block) => block !== null).join('\n\n');
}

function placesBlock({ apps, database, root }: SummaryContent): string {
  const rows = [
    ...apps.map(({ app, url, processId, logFile }) => ({ name: app, address: url, processId, logFile })),
    { name: 'Postgres', ...database },
  ];
  const columns = Math.max(...rows.map(({ address }) => address.length));
  return rows
    .map(({ name, address, processId, logFile }) => {
      const owner = processId === null ? 'not ours' : `process ${processId}`;
      const log = logFile === null ? '' : `log ${pathSeenFrom(root, logFile)}`;
      return `  ${name.padEnd(12)} ${address.padEnd(columns)}  ${owner.padEnd(15)}  ${log}`.trimEnd();
    })
    .join('\n');
}

function linksBlock({ api, demo }: { readonly api: string; readonly demo: Demo }): string {
  return [
    `  how to use it     ${api}/docs`,
    `  OpenAPI           ${api}/openapi.json`,
    `  receipt keys      ${api}/.well-known/karmanflow/receipt-keys.json`,
    `  demo key          ${demo.keys.sandbox}`,
    '                    (the operator, in the sandbox)',
  ].join('\n');
}

function reservationBlock(content: SummaryContent & { readonly api: string }): string {
  const { variants, locations, channels } = content.demo.catalogue.sandbox;
  const [variant] = demoVariants;
  const [location] = demoLocations;
  const [channel] = demoChannels;
  const body = {
    salesChannelId: channels[channel?.code ?? ''],
    lines: [{ variantId: variants[variant?.sku ?? ''], locationId: locations[location.code], quantity: 2 }],
  };
  const command = shellCommand([
    ['curl', '-sS', '-w', '\\n', `${content.api}/v1/reservation/create`],
    ['-H', `authorization: Bearer ${content.demo.keys.sandbox}`],
    ['-H', 'content-type: application/json'],
    ['-H', `idempotency-key: ${content.idempotencyKey}`],
    ['--data-raw', JSON.stringify(body)],
  ]);
  const title = `Hold two ${variant?.sku ?? ''} in ${location.name}. Send it twice: it happens once, with the same receipt.`;
  return `${title}\n\n${command}`;
}

function peopleBlock({ accounts, root, run, api }: SummaryContent & { readonly api: string }): string {
  const [first = ''] = accounts.subjects;
  const names = accounts.subjects.join(', ');
  const title =
    `People log in at ${api}/login: ${names}. Their passwords are in ${pathSeenFrom(root, accounts.file)}. ` +
    'This logs one of them in and prints what to send with curl.';
  return `${title}\n\n${run} login ${first}`;
}

function webhookBlock({ run }: SummaryContent): string {
  const title = "Send an order as a partner's shop. The script signs it and prints a curl command, which sh then runs.";
  return `${title}\n\n${run} --silent webhook --print | sh`;
}

function receiverBlock(receiver: string): string {
  const title = 'A receiver is subscribed to what happens in the sandbox. See the webhooks that it has verified:';
  return `${title}\n\n${shellCommand([['curl', '-sS', `${receiver}/`]])}`;
}

function evidenceBlock({ api, demo }: { readonly api: string; readonly demo: Demo }): string {
  const authorization = ['-H', `authorization: Bearer ${demo.keys.sandbox}`];
  const events = shellCommand([['curl', '-sS', '-w', '\\n', `${api}/v1/events?limit=5`], authorization]);
  const receipt = shellCommand([['curl', '-sS', '-w', '\\n', `${api}/v1/receipts/rcp_…`], authorization]);
  return `Read the events, and the receipt whose id an answer names:\n\n${events}\n\n${receipt}`;
}

function pathSeenFrom(root: string, path: string): string {
  const seen = relative(root, path);
  return seen.startsWith('..') || isAbsolute(seen) ? path : seen;
}
