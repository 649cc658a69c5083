import { isObject, type JsonObject } from '../surface/schema-fields.ts';
import { ingestCheck } from './ingest-check.ts';
import type { IngestTarget } from './ingest-target.ts';
import { cancellationOf, messageIdOf, reservationsOf, sendOrder, signedBy, wordOf } from './partner-messages.ts';

const cases = ['allowed', 'paused', 'denied'] as const;

/** What the signed receipt says, as it is stored. */
async function receiptOf(target: IngestTarget, receiptId: unknown): Promise<JsonObject> {
  const rows = await target.query("select convert_from(body, 'utf8') as text from kf.command_receipts where id = $1", [
    String(receiptId).slice(4),
  ]);
  const body: unknown = JSON.parse(String(rows[0]?.['text'] ?? 'null'));
  return isObject(body) ? body : {};
}

export const connectorPolicy = ingestCheck({
  id: 'ingest.connector-policy',
  claim:
    'A message becomes a command of its connector under policy: what is R2 waits for a human, and without a role nothing runs.',
  mechanism:
    'Ingest issues commands through the executor, as a CONNECTOR with the scopes of its grants and a ceiling of R2.',
  cases,
  async run(target, evidence) {
    const partner = await target.createPartner('Policy');
    const { unsignedIds, powerless } = partner.sources;
    const id = 'gid://shopify/Order/1';

    const allowed = await sendOrder(target, unsignedIds, { id, messageId: 'evt-1' });
    const receipt = await receiptOf(target, allowed.json['receiptId']);
    evidence.see('allowed');
    const actor = isObject(receipt['actor']) ? receipt['actor'] : {};
    const decision = isObject(receipt['policy']) ? receipt['policy']['decision'] : null;
    if (actor['type'] !== 'CONNECTOR' || actor['id'] !== partner.connectorId || decision !== 'allow') {
      evidence.violation(`allowed: ${wordOf(allowed)}, by ${JSON.stringify(actor)} with ${String(decision)}`);
    }

    const body = cancellationOf(id);
    const cancelled = await target.send(signedBy(unsignedIds, { messageId: 'evt-2', topic: 'orders/cancelled', body }));
    const rows = await target.query('select status from kf.reservations where tenant_id = $1', [
      partner.tenantId.slice(4),
    ]);
    const waiting = await target.query(
      "select requested_by from kf.approvals where tenant_id = $1 and status = 'REQUESTED'",
      [partner.tenantId.slice(4)],
    );
    evidence.see('paused');
    if (cancelled.status !== 202 || cancelled.json['status'] !== 'PENDING_APPROVAL') {
      evidence.violation(`paused: a cancellation is answered with ${wordOf(cancelled)}`);
    }
    if (rows.some(({ status }) => status !== 'ACTIVE')) {
      evidence.violation('paused: the reservation was cancelled with no human involved');
    }
    if (waiting.length !== 1) evidence.violation(`paused: ${waiting.length} requests wait for a human`);

    const before = (await reservationsOf(target, partner, powerless)).size;
    const denied = await sendOrder(target, powerless, { id: 'denied' });
    const told = await receiptOf(target, denied.json['receiptId']);
    evidence.see('denied');
    if (denied.status !== 403 || told['status'] !== 'DENIED') {
      evidence.violation(`denied: a connector without a role is answered with ${wordOf(denied)}`);
    }
    if ((await reservationsOf(target, partner, powerless)).size !== before) {
      evidence.violation('denied: a connector without a role made a reservation');
    }
  },
  saboteurs: [
    {
      name: 'policy lacks the rule by which R2 waits',
      mentions: 'paused: ',
      apply: (target) => target.runWithoutPause(),
    },
    {
      name: 'messages of a connector without a role are taken as those of one with a role',
      mentions: 'denied: ',
      async apply(target) {
        target.comeBetween((request) => {
          const sources = target.allSources();
          const isPowerless = sources.at(-1)?.path === request.path;
          const sandbox = sources.at(-4);
          if (!isPowerless || sandbox === undefined) return request;
          return signedBy(sandbox, { messageId: messageIdOf(request), body: request.body });
        });
      },
    },
  ],
});
