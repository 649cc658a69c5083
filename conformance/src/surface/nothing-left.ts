import type { Check } from '../harness/check.ts';
import { type Evidence, gatherEvidence } from '../harness/evidence.ts';
import { wrongCredentials } from './credential-check.ts';
import { changedInput, documentedOnly } from './loosened-registry.ts';
import { joined, type Probe, soundProbe } from './probe.ts';
import { readOperations } from './read-operations.ts';
import { refusedProbes } from './refusal-checks.ts';
import { requestLike, standingBefore } from './rewriting.ts';
import { isObject } from './schema-fields.ts';
import { newCorrelation, sendProbe } from './send-probe.ts';
import type { Surface } from './surface.ts';

const pagesMax = 100;
const pageEvents = 200;

interface EventsSince {
  /** Null when the end was not reached. */
  readonly cursor: string | null;
  readonly correlationIds: readonly string[];
}

/** The events after a cursor, up to the end; of everybody in the environment of the key. */
async function readEventsSince(surface: Surface, after: string): Promise<EventsSince> {
  const correlationIds: string[] = [];
  let cursor = after;
  for (let page = 0; page < pagesMax; page += 1) {
    const query = new URLSearchParams({ limit: String(pageEvents), ...(cursor === '' ? {} : { after: cursor }) });
    const { status, text, json } = await sendProbe(surface, {
      operation: 'event.list',
      what: 'events',
      method: 'GET',
      target: `/v1/events?${query.toString()}`,
      headers: {},
      body: null,
      names: null,
    });
    if (status !== 200) throw new Error(`/v1/events answers ${status} ${text.slice(0, 120)}`);
    const events: readonly unknown[] = Array.isArray(json['events']) ? json['events'] : [];
    correlationIds.push(...events.map(correlationIdOf));
    cursor = String(json['cursor']);
    if (json['hasMore'] !== true) return { cursor, correlationIds };
  }
  return { cursor: null, correlationIds };
}

/** Of an event beside its position. */
function correlationIdOf(positioned: unknown): string {
  const event = isObject(positioned) ? positioned['event'] : null;
  return isObject(event) ? String(event['correlationId']) : '';
}

async function sendAll(surface: Surface, evidence: Evidence, correlationId: string): Promise<void> {
  const operations = await readOperations(surface);
  const refused = refusedProbes(operations);
  const unauthenticated = joined(operations.map(soundProbe));
  for (const text of [...refused.missing, ...unauthenticated.missing]) evidence.violation(text);
  const send = async (caseName: string, probe: Probe, authorization?: string | null): Promise<void> => {
    const options = authorization === undefined ? { correlationId } : { correlationId, authorization };
    const { json } = await sendProbe(surface, probe, options);
    evidence.see(caseName);
    if ('receipt' in json) evidence.violation(`${probe.operation}, ${probe.what}: answered with a receipt`);
  };
  for (const probe of refused.probes) await send('refused for their input', probe);
  for (const authorization of Object.values(wrongCredentials(surface.apiKey))) {
    for (const probe of unauthenticated.probes) await send('refused for their credential', probe, authorization);
  }
}

export const nothingLeft: Check<Surface> = {
  id: 'surface.nothing-left',
  family: 'surface',
  claim: 'A request that is refused for its input or its credential leaves nothing: no receipt and no event.',
  mechanism:
    'all these requests under one correlation id; then the events since, and with an administrator the receipts, that carry it',
  subject: 'surface',
  async run(surface) {
    const evidence = gatherEvidence();
    const correlationId = newCorrelation();
    const before = await readEventsSince(surface, '');
    await sendAll(surface, evidence, correlationId);
    if (before.cursor === null) {
      evidence.note(`events were not looked at: there are more than ${pagesMax * pageEvents}`);
    } else {
      const { correlationIds } = await readEventsSince(surface, before.cursor);
      const own = correlationIds.filter((id) => id === `kfcor_${correlationId}`).length;
      if (own > 0) evidence.violation(`${own} events came of requests that were refused`);
    }
    const receipts = (await surface.countReceipts?.(correlationId)) ?? null;
    if (receipts === null)
      evidence.note(
        'receipts were not counted: that needs an administrator of the database behind the API who sees all rows',
      );
    else if (receipts > 0) evidence.violation(`${receipts} receipts came of requests that were refused`);
    return evidence.finding(['refused for their input', 'refused for their credential']);
  },
  saboteurs: [
    changedInput(
      'a command is documented and validates nothing',
      'inventory.register_variant',
      documentedOnly,
      'inventory.register_variant, unknown conformance_unknown: answered with a receipt',
    ),
    standingBefore(
      'a command runs, and its caller is told that it was refused',
      'receipts came of requests that were refused',
      (handler) => async (request) => {
        if (!request.url.endsWith('/v1/inventory/register_location')) return handler(request);
        const body = (text: string): string => text.replace(/,"conformance_\w+":1/, '');
        await handler(await requestLike(request, { body }));
        return handler(request);
      },
    ),
    standingBefore(
      'who has no credential is let in, and told otherwise',
      'receipts came of requests that were refused',
      (handler, { apiKey }) =>
        async (request) => {
          if (request.headers.has('authorization')) return handler(request);
          await handler(await requestLike(request, { headers: (all) => all.set('authorization', `Bearer ${apiKey}`) }));
          return handler(request);
        },
    ),
  ],
};
