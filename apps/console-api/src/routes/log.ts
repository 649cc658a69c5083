import { parseTilePath, superLogFolder, tileWidth } from '@karmanflow/receipts';
import { problem } from '@karmanflow/runtime';
import { isId } from '@karmanflow/schema';
import type { Endpoint } from '../endpoint.ts';
import type { Exchange } from '../exchange.ts';
import { documentResponse, everyRequest, problemResponses } from '../openapi.ts';
import { type LogAnswer, logFolderOf, type PublishedLog } from '../published-log/published-log.ts';

/** What a path names never changes. Partial tiles are superseded, and need not be kept for long. */
const fullTileSeconds = 31_536_000;
const partialTileSeconds = 86_400;
const checkpointSeconds = 1;
const keysSeconds = 300;

const text = { type: 'string' } as const;
const pathParameter = (name: string, description: string) => ({
  name,
  in: 'path' as const,
  required: true,
  description,
  schema: text,
});
const logParameter = pathParameter(
  'log',
  '`super`, the id of a tenant, or for tiles also the name at the end of an origin.',
);
const tileParameter = pathParameter(
  'tile',
  '`<level>/<index>[.p/<width>]` as C2SP tlog-tiles writes it, with its slashes.',
);

interface LogParts {
  readonly log: PublishedLog;
  /** Verifier keys, as they are told. */
  readonly logKeys: readonly string[];
}

/**
 * The published logs in their public formats (C2SP tlog-tiles), for everybody: checkpoints and tiles of hashes say how long a
 * log is and nothing of what is in it. Entry bundles are not served. They hold the receipts of all environments of a tenant,
 * and no credential stands for all of them; an audit bundle has those of one environment, and hashes of the rest.
 */
export function logEndpoints({ log, logKeys }: LogParts): Endpoint[] {
  const keysText = logKeys.map((key) => `${key}\n`).join('');
  return [
    {
      method: 'get',
      path: '/.well-known/karmanflow/log-keys',
      operation: {
        operationId: 'log_keys.get',
        summary: 'The public keys of the log of logs, a verifier key a line (C2SP signed-note), the newest first.',
        tags: ['audit'],
        responses: { 200: documentResponse('The keys; empty where this process was told none.', text, 'text/plain') },
      },
      handle: () =>
        new Response(keysText, {
          headers: {
            'content-type': 'text/plain; charset=utf-8',
            'cache-control': `public, max-age=${keysSeconds}`,
          },
        }),
    },
    {
      method: 'get',
      path: '/log/{log}/checkpoint',
      operation: {
        operationId: 'log.checkpoint',
        summary: 'The newest checkpoint of a log: a signed note (C2SP tlog-checkpoint).',
        tags: ['audit'],
        parameters: [logParameter, ...everyRequest],
        responses: {
          200: documentResponse('The checkpoint.', text, 'text/plain'),
          ...problemResponses(publicProblems),
        },
      },
      async handle(exchange) {
        const name = exchange.parameter('log');
        if (name !== superLogFolder && !isId('tenant', name)) return missing(exchange);
        const headers = {
          'content-type': 'text/plain; charset=utf-8',
          'cache-control': `public, max-age=${checkpointSeconds}`,
        };
        return answered(exchange, await log.checkpointOf(name), headers);
      },
    },
    {
      method: 'get',
      path: '/log/{log}/tile/{tile}',
      deepParameter: 'tile',
      operation: {
        operationId: 'log.tile',
        summary: 'A tile of hashes of a log (C2SP tlog-tiles). It never changes.',
        tags: ['audit'],
        parameters: [logParameter, tileParameter, ...everyRequest],
        responses: {
          200: documentResponse('The tile.', text, 'application/octet-stream'),
          ...problemResponses(publicProblems),
        },
      },
      async handle(exchange) {
        const folder = logFolderOf(exchange.parameter('log'));
        const path = `tile/${exchange.parameter('tile')}`;
        const tile = parseTilePath(path);
        if (folder === null || tile === undefined || tile.level === 'entries') return missing(exchange);
        return answered(exchange, await log.tileOf({ folder, path }), tileHeaders(tile));
      },
    },
  ];
}

const publicProblems = [
  'header_invalid',
  'internal_error',
  'not_found',
  'log_unavailable',
  'database_unavailable',
] as const;

function tileHeaders({ width }: { readonly width: number }): Record<string, string> {
  const seconds = width === tileWidth ? fullTileSeconds : partialTileSeconds;
  return { 'content-type': 'application/octet-stream', 'cache-control': `public, max-age=${seconds}, immutable` };
}

function missing(exchange: Exchange): Response {
  exchange.notes.outcome = 'not_found';
  return problem('not_found');
}

function answered(
  exchange: Exchange,
  answer: LogAnswer<string | Uint8Array>,
  headers: Record<string, string>,
): Response {
  if (!answer.ok) {
    exchange.notes.outcome = answer.code;
    return problem(answer.code);
  }
  return new Response(Buffer.from(answer.content), { headers });
}
