import type { Check } from '../harness/check.ts';
import { comparable, partingOf } from '../governance/comparable.ts';
import type { Governed } from '../governance/governed.ts';
import { governedCheck } from '../governance/governed-check.ts';
import { idPlacesOf } from '../governance/inputs.ts';
import { furnish } from '../governance/things.ts';
import { readOperations } from '../surface/read-operations.ts';
import { ask, missingLike } from './foreign-ids.ts';
import { standingBefore } from './saboteurs.ts';

export const scopeFirst: Check<Governed> = governedCheck({
  id: 'authorisation.scope-before-existence',
  claim:
    'Whoever lacks the scope of a command or query gets one 403, whatever id is named: one’s own environment’s, another tenant’s, or one that nothing has.',
  mechanism: 'each place that takes an id, asked with a key whose person has no role at all',
  cases: ['commands', 'queries'],
  async run(governed, evidence) {
    const tenant = await governed.createTenant('Without scope');
    const stranger = await governed.createTenant('Stranger to who lacks scope');
    const own = await furnish(governed, tenant, 'sandbox');
    const foreign = await furnish(governed, stranger, 'sandbox');
    const client = tenant.key('nobody');
    const { commands, queries } = governed.registry;
    const operations = (await readOperations(governed.surface)).filter(({ id }) => commands.has(id) || queries.has(id));
    for (const place of operations.flatMap((operation) => idPlacesOf(operation, own))) {
      const ids = [own.get(place.prefix), foreign.get(place.prefix)].filter((id) => id !== undefined);
      const [first] = ids;
      if (first === undefined) continue;
      const answers: string[] = [];
      for (const id of [...ids, missingLike(first)]) {
        const answer = await ask(client, place, id);
        evidence.see(commands.has(place.operation.id) ? 'commands' : 'queries');
        if (answer.status !== 403) {
          evidence.violation(`${place.where}: ${answer.status} ${answer.text.slice(0, 120)}, where 403 was due`);
        }
        answers.push(comparable(answer));
      }
      const other = answers.find((answer) => answer !== answers[0]);
      if (other !== undefined) {
        evidence.violation(`${place.where}: ids are told apart by ${partingOf(answers[0] ?? '', other)}`);
      }
    }
  },
  saboteurs: [
    standingBefore(
      {
        name: 'a query looks before it asks for the scope',
        mentions: 'reservation.get?reservationId: 404',
      },
      ({ query }) =>
        (handler) =>
        async (request) => {
          const response = await handler(request);
          const id = /reservation\/get\?reservationId=rsv_([0-9a-f-]{36})/.exec(request.url)?.[1];
          if (response.status !== 403 || id === undefined) return response;
          const known = await query('SELECT FROM kf.reservations WHERE id = $1', [id]);
          if (known.length > 0) return response;
          return new Response(await response.text(), { status: 404, headers: response.headers });
        },
    ),
    standingBefore(
      { name: 'a denial says what the id stands for', mentions: 'inventory.adjust.variantId: ids are told apart by' },
      ({ query }) =>
        (handler) =>
        async (request) => {
          const text = request.method === 'POST' ? await request.clone().text() : '';
          const response = await handler(request);
          const id = /"variantId":"var_([0-9a-f-]{36})"/.exec(text)?.[1];
          if (response.status !== 403 || id === undefined) return response;
          const known = await query('SELECT FROM kf.variants WHERE id = $1', [id]);
          const body = (await response.text()).replace('"detail":"', `"detail":"${known.length} of `);
          return new Response(body, response);
        },
    ),
  ],
});
