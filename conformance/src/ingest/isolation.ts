import { ingestCheck } from './ingest-check.ts';
import type { Partner, PartnerSource } from './ingest-target.ts';
import { messageIdOf, orderFor, reservationsOf, sendOrder, signedBy, wordOf } from './partner-messages.ts';

const cases = [
  'another tenant',
  'another environment',
  'an address of nobody',
  'a source that is paused',
  'the same id in each place',
  'a name of another environment',
] as const;

export const isolation = ingestCheck({
  id: 'ingest.isolation',
  claim:
    'What a sender signs acts in the tenant and environment of its source and nowhere else, and its answers tell nothing of others.',
  mechanism:
    'The address names the source, the source its tenant, environment and secrets; claims are keyed by source, names are resolved inside the environment, and whatever does not verify has one answer.',
  cases,
  async run(target, evidence) {
    const [one, other] = [await target.createPartner('One'), await target.createPartner('Other')];
    const nobody = `/v1/ingest/${`${Bun.randomUUIDv7()}${Bun.randomUUIDv7()}`.replaceAll('-', '')}`;
    const refused = await target.send({ ...signedBy(one.sources.sandbox, said('nobody', one)), path: nobody });
    evidence.see('an address of nobody');
    if (refused.status !== 401) evidence.violation(`an address of nobody: ${wordOf(refused)}`);

    function said(id: string, { sources }: Partner) {
      return { messageId: id, body: orderFor(sources.sandbox, { id }) };
    }
    async function isRefused(name: (typeof cases)[number], from: PartnerSource, to: PartnerSource): Promise<void> {
      const request = signedBy(from, {
        messageId: `stray-${name}`.replaceAll(' ', '-'),
        body: orderFor(from, { id: 'stray' }),
      });
      const answer = await target.send({ ...request, path: to.path });
      evidence.see(name);
      if (answer.status !== refused.status || answer.text !== refused.text) {
        evidence.violation(`${name}: ${wordOf(answer)}, and at an address of nobody ${wordOf(refused)}`);
      }
    }
    await isRefused('another tenant', one.sources.sandbox, other.sources.sandbox);
    await isRefused('another tenant', one.sources.production, other.sources.production);
    await isRefused('another environment', one.sources.sandbox, one.sources.production);
    await isRefused('another environment', one.sources.production, one.sources.sandbox);

    const places = [one, other].flatMap((partner) => [
      { partner, source: partner.sources.sandbox },
      { partner, source: partner.sources.production },
    ]);
    for (const { source } of places) {
      const answer = await sendOrder(target, source, { id: 'same' });
      evidence.see('the same id in each place');
      if (answer.json['status'] !== 'SUCCEEDED' || answer.json['replayed'] !== false) {
        evidence.violation(`the same id in each place: ${wordOf(answer)}`);
      }
    }
    for (const { partner, source } of places) {
      const made = await reservationsOf(target, partner, source);
      if (made.size !== 1 || made.get('same') !== 1) {
        const found = [...made].map(([id, count]) => `${count} of ${id}`).join(', ');
        evidence.violation(`the same id in each place: one environment has ${found === '' ? 'nothing' : found}`);
      }
    }

    // Only the sandbox has it: in production the name means nothing, whoever asks.
    const unknown = await sendOrder(target, one.sources.production, { id: 'elsewhere', sku: 'CUP-7' });
    const known = await sendOrder(target, one.sources.sandbox, { id: 'here', sku: 'CUP-7' });
    evidence.see('a name of another environment');
    if (unknown.json['reason'] !== 'name_unknown') {
      evidence.violation(`a name of another environment: ${wordOf(unknown)}`);
    }
    if (known.json['status'] !== 'SUCCEEDED') evidence.violation(`a name of its own: ${wordOf(known)}`);

    // Before it was ever asked for, so that nothing of it is remembered.
    await one.pause(one.sources.unsignedIds);
    await isRefused('a source that is paused', one.sources.unsignedIds, one.sources.unsignedIds);
  },
  saboteurs: [
    {
      name: 'messages are delivered to another tenant, under its own signature',
      mentions: 'the same id in each place',
      async apply(target) {
        target.comeBetween((request) => {
          const to = target.allSources().at(-4);
          if (target.sourceAt(request.path) === null || to === undefined) return request;
          const body = orderFor(to, { id: 'same' });
          return signedBy(to, { messageId: messageIdOf(request), body });
        });
      },
    },
    {
      name: 'whose signature a message has is not asked',
      mentions: 'another environment',
      async apply(target) {
        target.comeBetween((request) => {
          const source = target.sourceAt(request.path);
          if (source === null) return request;
          return signedBy(source, { messageId: messageIdOf(request), body: request.body });
        });
      },
    },
    {
      name: 'an address of nobody is answered in its own way',
      mentions: 'an address of nobody',
      async apply(target) {
        target.comeBetween((request) =>
          target.sourceAt(request.path) === null ? { ...request, path: '/v1/nowhere' } : request,
        );
      },
    },
  ],
});
