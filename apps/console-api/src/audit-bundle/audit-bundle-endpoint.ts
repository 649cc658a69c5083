import {
  auditBundleLimits,
  type BundleRefusal,
  type Caller,
  type CommandEnvironment,
  planBundle,
  type ProveConsistency,
  scopeOf,
} from '@karmanflow/commands';
import { type Archive, consistencyFromArchive, tenantLogPlace } from '@karmanflow/receipts';
import { problem } from '@karmanflow/runtime';
import { type Database, timestampShape } from '@karmanflow/schema';
import * as v from 'valibot';
import { authenticate } from '../authentication.ts';
import { denyRead } from '../deny-read.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Exchange } from '../exchange.ts';
import {
  documentResponse,
  everyRequest,
  problemResponses,
  queryParameters,
  readProblems,
  secured,
} from '../openapi.ts';
import { fieldsOf, type ReadAccess } from '../read-endpoint.ts';
import { stillAllowed } from '../still-allowed.ts';
import { jsonSchemaOf, queryInput, readInput } from '../valibot-bridge.ts';
import type { AuditBundles } from './audit-bundles.ts';

const type = 'audit_bundle.export';
const path = '/v1/audit/bundle';
const scope = 'audit.receipt:read';
const eventScope = 'audit.event:read';
/** JSON Lines has no registered type of its own; this is the one that is in use. */
const mediaType = 'application/jsonl';

const leafText = v.pipe(
  v.string(),
  v.regex(/^(?:0|[1-9][0-9]{0,14})$/, 'must be a whole number of leaves'),
  v.transform(Number),
);
const input = v.strictObject({
  level: v.optional(v.picklist(['environment', 'tenant']), 'environment'),
  fromLeaf: v.optional(leafText),
  toLeaf: v.optional(leafText),
  publishedFrom: v.optional(timestampShape),
  publishedBefore: v.optional(timestampShape),
  rememberedSize: v.optional(leafText),
});
type Input = v.InferOutput<typeof input>;
const fields = queryInput({ input });

const operation: Endpoint['operation'] = {
  operationId: type,
  summary:
    'A range of the log as a signed file that verifies itself offline: receipts, events, leaf hashes and checkpoints, as JSON Lines.',
  tags: ['audit'],
  ...secured,
  'x-karmanflow-risk': 'R0',
  'x-karmanflow-scope': scope,
  parameters: [...queryParameters(jsonSchemaOf(input, 'input')), ...everyRequest],
  responses: {
    200: documentResponse('The bundle. One whose last line is not its end was cut off.', { type: 'string' }, mediaType),
    ...problemResponses([...readProblems, 'input_invalid', 'proof_pending', 'overloaded']),
  },
};

const refusals: Readonly<Record<Exclude<BundleRefusal, 'nothing_published'>, string>> = {
  range_empty: 'must not lie behind the end of the range, nor behind the newest checkpoint',
  range_too_large: `a bundle has at most ${auditBundleLimits.leavesMax} leaves`,
};

/** The export of a range of the log, for who checks it elsewhere. */
export function auditBundleEndpoints({
  authenticator,
  database,
  bundles,
  logArchive,
}: ReadAccess & {
  readonly database: Database;
  readonly bundles: AuditBundles;
  /** Null where this process knows of none: what is remembered is then shown by leaf hashes. */
  readonly logArchive: Archive | null;
}): Endpoint[] {
  const prove = logArchive && proveFrom(logArchive);

  async function handle(exchange: Exchange): Promise<Response> {
    exchange.notes.queryType = type;
    const authenticated = await authenticate(authenticator, exchange);
    if (!authenticated.ok) return authenticated.response;
    const { caller } = authenticated;
    const given = fieldsOf(exchange, []);
    const parsed = given.ok ? readInput(fields, given.value) : given;
    // What its own schema made of the query string.
    const asked = parsed.ok ? (parsed.value as Input) : null;
    const environment: CommandEnvironment = asked?.level === 'tenant' ? 'control' : 'caller';
    const denial = denyRead(caller, { type, scope, environment });
    if (denial !== null) return noted(exchange, 'policy_denied', denial);
    if (!parsed.ok || asked === null) return invalid(exchange, parsed.ok ? [] : parsed.issues);
    return answer(exchange, { caller, asked, environment });
  }

  async function answer(
    exchange: Exchange,
    { caller, asked, environment }: { caller: Caller; asked: Input; environment: CommandEnvironment },
  ): Promise<Response> {
    const doubled = doubledFields(asked);
    if (doubled !== null) return invalid(exchange, [{ path: doubled, message: 'a range is of leaves or of times' }]);
    const place = scopeOf(caller, environment);
    const request = {
      tenantId: place.tenantId,
      environmentIds: [place.environmentId],
      fromLeaf: asked.fromLeaf ?? 0,
      toLeaf: asked.toLeaf ?? null,
      publishedFrom: asked.publishedFrom ?? null,
      publishedBefore: asked.publishedBefore ?? null,
      rememberedSize: asked.rememberedSize ?? null,
      hasEvents: denyRead(caller, { type, scope: eventScope, environment }) === null,
    };
    const planned = await planBundle(database, request, prove);
    if (!planned.ok) {
      if (planned.code === 'nothing_published') return noted(exchange, 'proof_pending', problem('proof_pending'));
      const field = asked.publishedFrom === undefined ? 'fromLeaf' : 'publishedFrom';
      return invalid(exchange, [{ path: field, message: refusals[planned.code] }]);
    }
    const headers = { 'content-type': mediaType, 'cache-control': 'no-store', 'x-accel-buffering': 'no' };
    if (exchange.request.method === 'HEAD') return new Response(null, { headers });
    const read = { type, scope, environment };
    const body = bundles.open({
      request,
      plan: planned.plan,
      isAllowed: () => stillAllowed(authenticator, { exchange, caller, read }),
    });
    return body === null ? noted(exchange, 'overloaded', problem('overloaded')) : new Response(body, { headers });
  }

  return [{ method: 'get', path, operation, handle }];
}

/** Consistency proofs from the tiles of the archive; one whose tiles are not to be had is none. */
function proveFrom(archive: Archive): ProveConsistency {
  return async ({ tenantId, origin, size1, root1, size2, root2 }) => {
    // The host is what an origin begins with; the rest of it is made of the tenant's id.
    const place = tenantLogPlace({ host: origin.slice(0, origin.indexOf('/')), tenantId });
    const trees = { size1: BigInt(size1), root1, size2: BigInt(size2), root2 };
    const found = await consistencyFromArchive(archive, { place, ...trees });
    return found.ok ? found.proof : null;
  };
}

function doubledFields(asked: Input): 'publishedFrom' | 'publishedBefore' | null {
  if (asked.fromLeaf !== undefined && asked.publishedFrom !== undefined) return 'publishedFrom';
  return asked.toLeaf !== undefined && asked.publishedBefore !== undefined ? 'publishedBefore' : null;
}

function invalid(exchange: Exchange, issues: readonly { readonly path: string; readonly message: string }[]): Response {
  return noted(exchange, 'input_invalid', problem('input_invalid', { extensions: { issues } }));
}

function noted(exchange: Exchange, outcome: string, response: Response): Response {
  exchange.notes.outcome = outcome;
  return response;
}
