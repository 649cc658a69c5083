import { ingestCheck } from './ingest-check.ts';
import type { IngestAnswer, PartnerSource } from './ingest-target.ts';
import { messageIdOf, orderFor, reservationsOf, sendOrder, signedBy, wordOf } from './partner-messages.ts';

const cases = [
  'the same message again',
  'one id, many at once',
  'one id, other content',
  'one content, another id',
  'one content, many ids at once',
  'rows of claims',
] as const;

const atOnce = 8;

export const claims = ingestCheck({
  id: 'ingest.claims',
  claim:
    'A message has its effect once: neither its id nor, where the id is not signed, what was signed is taken a second time.',
  mechanism:
    'Each message is claimed by its id and by the digest of what was signed, under two unique keys, in the transaction of its command.',
  cases,
  async run(target, evidence) {
    const partner = await target.createPartner('Claims');
    const { sandbox, unsignedIds } = partner.sources;
    const receiptOf = ({ json }: IngestAnswer): string => String(json['receiptId']);

    for (const source of [sandbox, unsignedIds]) {
      const [first, again] = [
        await sendOrder(target, source, { id: `twice-${source.preset}` }),
        await sendOrder(target, source, { id: `twice-${source.preset}` }),
      ];
      evidence.see('the same message again');
      if (first.status !== 200) evidence.violation(`the same message again: not even once: ${wordOf(first)}`);
      if (again.json['replayed'] !== true || receiptOf(again) !== receiptOf(first)) {
        evidence.violation(`the same message again: ${source.preset}: ${wordOf(again)}`);
      }
      const many = await Promise.all(
        Array.from({ length: atOnce }, () => sendOrder(target, source, { id: `storm-${source.preset}` })),
      );
      evidence.see('one id, many at once', many.length);
      const receipts = new Set(many.map(receiptOf));
      if (receipts.size !== 1) evidence.violation(`one id, many at once: ${source.preset}: ${receipts.size} receipts`);
      const other = await sendOrder(target, source, { id: 'other-content', messageId: `twice-${source.preset}` });
      evidence.see('one id, other content');
      if (other.status !== 422) evidence.violation(`one id, other content: ${source.preset}: ${wordOf(other)}`);
    }

    const body = orderFor(unsignedIds, { id: `twice-${unsignedIds.preset}` });
    const renamed = await target.send(signedBy(unsignedIds, { messageId: 'renamed', body }));
    evidence.see('one content, another id');
    if (renamed.json['reason'] !== 'suspected_replay') {
      evidence.violation(`one content, another id: ${wordOf(renamed)}`);
    }
    const contents = orderFor(unsignedIds, { id: 'storm-of-ids' });
    const many = await Promise.all(
      Array.from({ length: atOnce }, (_, number) =>
        target.send(signedBy(unsignedIds, { messageId: `storm-of-ids-${number}`, body: contents })),
      ),
    );
    evidence.see('one content, many ids at once', many.length);
    const taken = many.filter(({ json }) => json['status'] === 'SUCCEEDED');
    if (taken.length !== 1) evidence.violation(`one content, many ids at once: ${taken.length} had an effect`);

    for (const [reference, count] of await reservationsOf(target, partner, sandbox)) {
      if (count !== 1) evidence.violation(`${reference} has ${count} effects`);
    }
    await eachSource(sandbox);
    await eachSource(unsignedIds);

    async function eachSource({ ingestSourceId, preset }: PartnerSource): Promise<void> {
      const rows = await target.query(
        'select c.message_key, c.content_key, r.command_type, r.status from kf.ingest_claims c left join kf.command_receipts r' +
          ' on r.tenant_id = c.tenant_id and r.id = c.receipt_id where c.ingest_source_id = $1',
        [ingestSourceId.slice(4)],
      );
      evidence.see('rows of claims', rows.length);
      for (const key of ['message_key', 'content_key'] as const) {
        if (new Set(rows.map((row) => row[key])).size !== rows.length) evidence.violation(`${preset}: a ${key} twice`);
      }
      // The receipt of the claim is that of the command: both came with one transaction, or neither.
      const apart = rows.filter((row) => row['command_type'] !== 'reservation.create' || row['status'] !== 'SUCCEEDED');
      if (apart.length > 0) evidence.violation(`${preset}: ${apart.length} claims without their command`);
    }
  },
  saboteurs: [
    {
      name: 'each delivery gets an id of its own, as if ids were not claimed',
      mentions: 'the same message again: standard-webhooks',
      async apply(target) {
        target.comeBetween((request) => {
          const source = target.sourceAt(request.path);
          if (source?.preset !== 'standard-webhooks') return request;
          return signedBy(source, { messageId: Bun.randomUUIDv7(), body: request.body });
        });
      },
    },
    {
      name: 'each delivery gets a digest of its own, as if contents were not claimed',
      mentions: 'one content, another id',
      async apply(target) {
        let deliveries = 0;
        target.comeBetween((request) => {
          const source = target.sourceAt(request.path);
          if (source?.preset !== 'shopify') return request;
          deliveries += 1;
          const body = new TextEncoder().encode(new TextDecoder().decode(request.body) + ' '.repeat(deliveries));
          return signedBy(source, { messageId: messageIdOf(request), body });
        });
      },
    },
  ],
});
