import type { Check } from '../harness/check.ts';
import { gatherEvidence } from '../harness/evidence.ts';
import { soundProbe } from './probe.ts';
import { readOperations } from './read-operations.ts';
import { requestLike, standingBefore } from './rewriting.ts';
import { sendProbe } from './send-probe.ts';
import type { Surface } from './surface.ts';

/** The key with one character of its secret changed: whom it names exists. */
export function falseKey(key: string): string {
  const at = key.length - 8;
  return `${key.slice(0, at)}${key[at] === 'A' ? 'B' : 'A'}${key.slice(at + 1)}`;
}

/** What is sent instead of a credential, by name; null is no header at all. */
export function wrongCredentials(key: string): Readonly<Record<string, string | null>> {
  return {
    'no credential': null,
    'an empty one': 'Bearer ',
    'no key at all': 'Bearer nonsense',
    'a key with a false secret': `Bearer ${falseKey(key)}`,
    'a key of another scheme': `Basic ${key}`,
    'a key without a scheme': key,
    'two keys': `Bearer ${key}, Bearer ${key}`,
  };
}

export const noCredential: Check<Surface> = {
  id: 'surface.no-credential',
  family: 'surface',
  claim:
    'Every operation answers 401 without a credential and with any wrong one, and each of these answers is the same, byte for byte.',
  mechanism: 'each operation of /openapi.json asked over HTTP with its own example, under seven wrong credentials',
  subject: 'surface',
  async run(surface) {
    const evidence = gatherEvidence();
    const wrong = Object.entries(wrongCredentials(surface.apiKey));
    let first: string | null = null;
    for (const operation of await readOperations(surface)) {
      if (!operation.guarded) evidence.violation(`${operation.id}: takes a body and wants no credential`);
      const { probes, missing } = soundProbe(operation);
      for (const text of missing) evidence.violation(text);
      for (const probe of probes) {
        for (const [who, authorization] of wrong) {
          const { status, text } = await sendProbe(surface, probe, { authorization });
          evidence.see(who);
          first ??= text;
          if (status !== 401) evidence.violation(`${operation.id} with ${who}: ${status}, where 401 was due`);
          else if (text !== first) evidence.violation(`${operation.id} with ${who}: told apart by ${text}`);
        }
      }
    }
    return evidence.finding(wrong.map(([who]) => who));
  },
  saboteurs: [
    standingBefore(
      'one operation is open',
      'inventory.levels with no credential: 200',
      (handler, { apiKey }) =>
        async (request) => {
          if (!request.url.includes('/v1/inventory/levels')) return handler(request);
          return handler(
            await requestLike(request, { headers: (all) => all.set('authorization', `Bearer ${apiKey}`) }),
          );
        },
    ),
    standingBefore(
      'a false secret is told from an unknown key',
      'with a key with a false secret: told apart by',
      (handler) => async (request) => {
        const response = await handler(request);
        const isKey = request.headers.get('authorization')?.startsWith('Bearer kf_') === true;
        if (response.status !== 401 || !isKey) return response;
        return new Response(`${await response.text()} `, response);
      },
    ),
    standingBefore('another scheme will do', 'with a key of another scheme: ', (handler) => async (request) => {
      const sent = request.headers.get('authorization') ?? '';
      const headers = (all: Headers): void => all.set('authorization', sent.replace(/^Basic /, 'Bearer '));
      return handler(await requestLike(request, { headers }));
    }),
  ],
};
