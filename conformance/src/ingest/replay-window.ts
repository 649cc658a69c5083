import type { Saboteur } from '../harness/check.ts';
import { ingestCheck } from './ingest-check.ts';
import type { IngestTarget, Sent } from './ingest-target.ts';
import { messageIdOf, nowSeconds, orderFor, reservationsOf, sendOrder, signedBy, wordOf } from './partner-messages.ts';

const cases = ['inside', 'too old', 'too new', 'time changed', 'time removed'] as const;

/** Signs messages anew whose time is as is said, so that ingest sees only fresh ones: a window with a side missing. */
function withoutSide(side: 'past' | 'future'): Saboteur<IngestTarget> {
  return {
    name: `messages of the ${side} are let through`,
    mentions: side === 'past' ? 'too old: ' : 'too new: ',
    async apply(target) {
      target.comeBetween((request) => {
        const ageSeconds = nowSeconds() - Number(request.headers['webhook-timestamp']);
        const isOn = side === 'past' ? ageSeconds > 60 : ageSeconds < -60;
        const source = target.sourceAt(request.path);
        if (!isOn || source === null) return request;
        return signedBy(source, { messageId: messageIdOf(request), body: request.body });
      });
    },
  };
}

export const replayWindow = ingestCheck({
  id: 'ingest.replay-window',
  claim:
    'A message whose signed time is further from now than its source allows is refused, whether it lies behind or ahead.',
  mechanism:
    'Ingest compares the time that the signature covers with its own clock, in both directions, before anything is parsed.',
  cases,
  async run(target, evidence) {
    const partner = await target.createPartner('Window');
    const source = partner.sources.sandbox;
    for (const shiftSeconds of [-200, 0, 200]) {
      const answer = await sendOrder(target, source, { id: `inside ${shiftSeconds}`.replace(' ', ''), shiftSeconds });
      evidence.see('inside');
      if (answer.status !== 200) evidence.violation(`inside: ${shiftSeconds} s from now is refused: ${wordOf(answer)}`);
    }
    const outside = [-86_400, -500, 500, 86_400];
    for (const shiftSeconds of outside) {
      const name = shiftSeconds < 0 ? 'too old' : 'too new';
      const answer = await sendOrder(target, source, { id: `outside${shiftSeconds}`, shiftSeconds });
      evidence.see(name);
      if (answer.status !== 401) evidence.violation(`${name}: ${shiftSeconds} s from now: ${wordOf(answer)}`);
    }
    const late = signedBy(source, {
      messageId: 'late',
      shiftSeconds: -500,
      body: orderFor(source, { id: 'outside-late' }),
    });
    const changed = { ...late, headers: { ...late.headers, 'webhook-timestamp': String(nowSeconds()) } };
    const { 'webhook-timestamp': _time, ...timeless } = late.headers;
    const attempts: [(typeof cases)[number], Sent][] = [
      ['time changed', changed],
      ['time removed', { ...late, headers: timeless }],
    ];
    for (const [name, request] of attempts) {
      const answer = await target.send(request);
      evidence.see(name);
      if (answer.status !== 401) evidence.violation(`${name}: ${wordOf(answer)}`);
    }
    const made = [...(await reservationsOf(target, partner, source)).keys()];
    if (made.length !== 3) evidence.violation(`3 messages were inside, and these had an effect: ${made.join(', ')}`);
  },
  saboteurs: [
    withoutSide('past'),
    withoutSide('future'),
    {
      name: 'a time of its own is put on what is too old, under the old signature',
      mentions: 'inside: ',
      async apply(target) {
        target.comeBetween((request) => ({
          ...request,
          headers: { ...request.headers, 'webhook-timestamp': String(nowSeconds() - 1) },
        }));
      },
    },
  ],
});
