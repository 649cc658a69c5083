import type { Check } from '../harness/check.ts';
import type { Evidence } from '../harness/evidence.ts';
import { comparable, partingOf } from '../governance/comparable.ts';
import type { Client, Governed, GovernedAnswer, GovernedTenant } from '../governance/governed.ts';
import { governedCheck } from '../governance/governed-check.ts';
import { type IdPlace, idPlacesOf } from '../governance/inputs.ts';
import { furnish, secretNameOf, type Things } from '../governance/things.ts';
import { standingBefore } from './saboteurs.ts';
import { readOperations } from '../surface/read-operations.ts';

/** An id of the same kind and time that nothing has. */
export function missingLike(id: string): string {
  return `${id.slice(0, -8)}${id.endsWith('00000000') ? '11111111' : '00000000'}`;
}

interface Foreign {
  readonly caseName: string;
  readonly things: Things;
}

/** Commands and queries of the registry that name something, and the places in which they do. */
async function placesIn(governed: Governed, things: Things): Promise<readonly IdPlace[]> {
  const { commands, queries } = governed.registry;
  const operations = await readOperations(governed.surface);
  return operations
    .filter(({ id, path }) => commands.has(id) || queries.has(id) || path.includes('{'))
    .flatMap((operation) => idPlacesOf(operation, things));
}

export function ask(client: Client, place: IdPlace, id: string): Promise<GovernedAnswer> {
  const request = place.with(id);
  return 'target' in request ? client.read(request.target) : client.send(place.operation.id, request.input);
}

interface Asking {
  readonly evidence: Evidence;
  readonly client: Client;
  readonly place: IdPlace;
}

async function compareOne({ evidence, client, place }: Asking, { caseName, things }: Foreign): Promise<void> {
  const id = things.get(place.prefix);
  // What belongs to the tenant as a whole has no other environment.
  if (id === undefined) return;
  const answer = await ask(client, place, id);
  // A refusal of the input looked at no id, and would make everything equal.
  if (answer.status === 400) evidence.violation(`${place.where}: ${answer.text.slice(0, 160)}: no case could be made`);
  const found = comparable(answer);
  const missing = comparable(await ask(client, place, missingLike(id)));
  evidence.see(caseName);
  if (found !== missing) {
    evidence.violation(`${place.where}, ${caseName}: told apart from what is missing by ${partingOf(found, missing)}`);
  }
}

/** Names are what an answer could tell of somebody else's things besides their ids. */
function namesNothing(
  { evidence, place }: Asking,
  { answer, names }: { readonly answer: GovernedAnswer; readonly names: readonly string[] },
): void {
  evidence.see('no name of anybody else');
  const name = names.find((text) => answer.text.includes(text));
  if (name !== undefined) evidence.violation(`${place.where}: the answer names “${name}”`);
}

/** Kinds that a tenant has once and not in each of its environments. */
const ofTenant = ['tnt', 'env', 'prn', 'grt', 'key', 'ses', 'src'];

function inEnvironment(things: Things): Things {
  return new Map([...things].filter(([prefix]) => !ofTenant.includes(prefix)));
}

interface Neighbours {
  readonly own: Things;
  readonly foreign: readonly Foreign[];
  readonly names: readonly string[];
}

async function neighboursOf(governed: Governed, tenant: GovernedTenant): Promise<Neighbours> {
  const stranger = await governed.createTenant('Stranger');
  return {
    own: await furnish(governed, tenant, 'sandbox'),
    foreign: [
      { caseName: 'an id of another tenant', things: await furnish(governed, stranger, 'sandbox') },
      {
        caseName: 'an id of another environment',
        things: inEnvironment(await furnish(governed, tenant, 'production')),
      },
    ],
    names: [secretNameOf(stranger, 'sandbox'), secretNameOf(tenant, 'production')],
  };
}

export const foreignIds: Check<Governed> = governedCheck({
  id: 'authorisation.foreign-ids',
  claim:
    'Whoever names something of another tenant or another environment gets, byte for byte, the answer for something that does not exist, but for ids, times and hashes; and no name of it.',
  mechanism:
    'each place of each command, query and path that takes an id, found in /openapi.json, asked with ids of both and with one beside them that nothing has',
  cases: ['an id of another tenant', 'an id of another environment', 'no name of anybody else', 'kinds of things'],
  async run(governed, evidence) {
    const tenant = await governed.createTenant('Asking');
    const { own, foreign, names } = await neighboursOf(governed, tenant);
    const client = await tenant.session('user');
    const places = (await placesIn(governed, own)).filter(({ where }) => !notLookedUp.has(where));
    const kinds = new Set(places.map(({ prefix }) => prefix));
    for (const kind of kinds) {
      const isKnown = own.has(kind);
      evidence.see('kinds of things', isKnown ? 1 : 0);
      if (!isKnown && !unfurnished.has(kind)) evidence.violation(`nothing of the kind ${kind}_ was made to ask about`);
    }
    for (const place of places) {
      const asking = { evidence, client, place };
      for (const one of foreign) {
        await compareOne(asking, one);
        const id = one.things.get(place.prefix);
        if (id !== undefined) namesNothing(asking, { answer: await ask(client, place, id), names });
      }
    }
  },
  saboteurs: [
    standingBefore(
      { name: 'a query answers 403 for what is somebody else’s', mentions: 'reservation.get?reservationId, an id of' },
      ({ query }) =>
        (handler) =>
        async (request) => {
          const response = await handler(request);
          const id = /reservationId=rsv_([0-9a-f-]{36})/.exec(request.url)?.[1];
          if (response.status !== 404 || id === undefined) return response;
          const known = await query('SELECT FROM kf.reservations WHERE id = $1', [id]);
          if (known.length === 0) return response;
          return new Response(await response.text(), { status: 403, headers: response.headers });
        },
    ),
    standingBefore(
      {
        name: 'a refusal names what is somebody else’s',
        mentions: 'inventory.adjust.variantId: the answer names “Hidden ',
      },
      ({ query }) =>
        (handler) =>
        async (request) => {
          const text = request.method === 'POST' ? await request.clone().text() : '';
          const response = await handler(request);
          const id = /"variantId":"var_([0-9a-f-]{36})"/.exec(text)?.[1];
          if (response.status !== 404 || id === undefined) return response;
          const [variant] = await query('SELECT name FROM kf.variants WHERE id = $1', [id]);
          const body = (await response.text()).replace('"detail":"', `"detail":"${String(variant?.['name'] ?? '')} `);
          return new Response(body, response);
        },
    ),
  ],
});

/** What a command takes without looking it up: it is accepted whatever it names, and each time is one request more. */
const notLookedUp: ReadonlySet<string> = new Set(['webhook.replay_delivery.deliveryId']);

/** Kinds that only ids of other systems stand for, or that no command makes over HTTP. */
const unfurnished: ReadonlySet<string> = new Set(['evt', 'kfcor', 'kfreq', 'osp']);
