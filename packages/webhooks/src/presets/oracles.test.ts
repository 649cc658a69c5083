import { afterAll, describe, expect, setSystemTime, test } from 'bun:test';
import * as fc from 'fast-check';
import { hostileChanges, type HostileChange, type PassingRequest } from './testing/hostile-changes.ts';
import { oracles, type Oracle, type OracleMessage } from './testing/oracles.ts';
import { signInbound } from './testing/sign-inbound.ts';
import { verifyInbound } from './verify-inbound.ts';

const nowSeconds = 1_700_000_000;
// Two of the libraries read the clock themselves.
setSystemTime(new Date(nowSeconds * 1000));
afterAll(() => {
  setSystemTime();
});

/** A JSON body with the id of a body preset, ASCII and not, and U+FFFD for the change that needs it. */
const parts = fc.record({ messageId: fc.uuid(), note: fc.string({ unit: 'grapheme', maxLength: 40 }) });

function messageOf(oracle: Oracle): fc.Arbitrary<OracleMessage> {
  return fc.record({ parts, secret: oracle.secret }).map(({ parts: { messageId, note }, secret }) => ({
    secret,
    messageId,
    timestampSeconds: nowSeconds,
    text: JSON.stringify({ id: messageId, object: 'event', note: `\uFFFD${note}` }),
  }));
}

async function judge(input: { oracle: Oracle; message: OracleMessage; request: PassingRequest }) {
  const { oracle, message, request } = input;
  const ours = verifyInbound({ ...request, preset: oracle.preset, secrets: [message.secret] });
  const headers: Record<string, string> = {};
  for (const [name, value] of request.headers) {
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  setSystemTime(new Date(request.nowSeconds * 1000));
  const text = Buffer.from(request.rawBody).toString('utf8');
  const theirs = await oracle.accepts({ secret: message.secret, headers, text, nowSeconds: request.nowSeconds });
  setSystemTime(new Date(nowSeconds * 1000));
  return { ours, theirs };
}

async function passOn(oracle: Oracle, message: OracleMessage): Promise<PassingRequest> {
  return { headers: await oracle.sign(message), rawBody: new TextEncoder().encode(message.text), nowSeconds };
}

/** Why we refuse what a library accepts. Every reason is one kind of looseness that we leave out on purpose. */
const reasons = {
  bytes: 'The libraries decode the body first, so that different bytes share a signature. Bytes were signed.',
  twoSided: 'A signature from the future could be replayed until its time comes.',
  oneSpelling: 'A timestamp has one spelling, not every one that parseInt understands.',
  blanks: 'A blank at the edge of a value is cut by an HTTP server. One that is still there came some other way.',
  wholeList: 'A list with one entry that no provider writes was not written by the provider.',
  bounded: 'The work for one request is bounded.',
  needsId: 'Without the id, or with one that is no id, nothing would be claimed and nothing deduplicated.',
  oneHeader: 'Of two lines nobody knows which one the provider sent.',
} as const;

const standardWebhooksReasons = {
  'a broken byte where U+FFFD was: signature_mismatch': reasons.bytes,
  'a signature behind a short one of its version: signature_malformed': reasons.wholeList,
  'a signature with a blank before it: signature_malformed': reasons.blanks,
  'a signature with a blank behind it: signature_malformed': reasons.blanks,
  'a signature with junk behind a blank: signature_malformed': reasons.wholeList,
  'a signature with junk behind a comma: signature_malformed': reasons.wholeList,
  'a timestamp with a blank before it: timestamp_malformed': reasons.oneSpelling,
  'a timestamp with a fraction: timestamp_malformed': reasons.oneSpelling,
  'a timestamp with a plus before it: timestamp_malformed': reasons.oneSpelling,
  'a timestamp with a zero before it: timestamp_malformed': reasons.oneSpelling,
  'a timestamp with letters behind it: timestamp_malformed': reasons.oneSpelling,
  'seventeen signatures: header_too_large': reasons.bounded,
  'two signature headers: header_duplicate': reasons.oneHeader,
  'two timestamp headers: header_duplicate': reasons.oneHeader,
};

/** By library, change and our refusal code. What is not listed here must be refused by both or accepted by both. */
const stricterOnPurpose: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  standardwebhooks: standardWebhooksReasons,
  // It wraps the library above.
  svix: standardWebhooksReasons,
  stripe: {
    'a broken byte where U+FFFD was: signature_mismatch': reasons.bytes,
    'a day earlier: timestamp_too_new': reasons.twoSided,
    'a second before the window: timestamp_too_new': reasons.twoSided,
    'a signature behind a short one of its version: signature_malformed': reasons.wholeList,
    'a signature with junk behind a comma: signature_malformed': reasons.wholeList,
    'a timestamp with a blank before it: timestamp_malformed': reasons.oneSpelling,
    'a timestamp with a fraction: timestamp_malformed': reasons.oneSpelling,
    'a timestamp with a plus before it: timestamp_malformed': reasons.oneSpelling,
    'a timestamp with a zero before it: timestamp_malformed': reasons.oneSpelling,
    'a timestamp with letters behind it: timestamp_malformed': reasons.oneSpelling,
    'seventeen signatures: header_too_large': reasons.bounded,
    'two signature headers: header_duplicate': reasons.oneHeader,
  },
  '@octokit/webhooks-methods': {
    'a broken byte where U+FFFD was: signature_mismatch': reasons.bytes,
    'an empty id: header_malformed': reasons.needsId,
    'an id with a blank: header_malformed': reasons.needsId,
    'no id header: header_missing': reasons.needsId,
    'two id headers: header_duplicate': reasons.oneHeader,
  },
  '@shopify/shopify-api': {
    'a broken byte where U+FFFD was: signature_mismatch': reasons.bytes,
    'a signature with a blank before it: signature_malformed': reasons.blanks,
    'a signature with a blank behind it: signature_malformed': reasons.blanks,
    'an empty id: header_malformed': reasons.needsId,
    'an id with a blank: header_malformed': reasons.needsId,
    'no id header: header_missing': reasons.needsId,
    'two id headers: header_duplicate': reasons.oneHeader,
  },
};

describe.each(oracles.map((oracle) => [oracle.library, oracle] as const))('%s', (library, oracle) => {
  test('what it signs, we accept, and what we sign, it accepts', async () => {
    await fc.assert(
      fc.asyncProperty(messageOf(oracle), async (message) => {
        const { messageId, secret } = message;
        const request = await passOn(oracle, message);
        const theirs = await judge({ oracle, message, request });
        expect(theirs).toMatchObject({ ours: { ok: true, providerMessageId: messageId }, theirs: true });

        const timestamp = String(message.timestampSeconds);
        const signing = { preset: oracle.preset, secrets: [secret], messageId, timestamp, rawBody: request.rawBody };
        const ours = await judge({ oracle, message, request: { ...request, headers: signInbound(signing) } });
        expect(ours).toMatchObject({ ours: { ok: true, providerMessageId: messageId }, theirs: true });
      }),
      { numRuns: 100 },
    );
  });

  test('with another secret neither accepts', async () => {
    await fc.assert(
      fc.asyncProperty(messageOf(oracle), oracle.secret, async (message, secret) => {
        fc.pre(secret !== message.secret);
        const request = await passOn(oracle, message);
        const { ours, theirs } = await judge({ oracle, message: { ...message, secret }, request });
        expect([ours.ok, theirs]).toEqual([false, false]);
      }),
      { numRuns: 50 },
    );
  });

  test('no flipped bit of what is signed passes either', async () => {
    const flip = fc.record({
      message: messageOf(oracle),
      where: fc.nat(),
      bit: fc.nat({ max: 7 }),
      inBody: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(flip, async ({ message, where, bit, inBody }) => {
        const change = flipBit({ where, bit, inBody });
        const request = change(await passOn(oracle, message), oracle.preset);
        const { ours, theirs } = await judge({ oracle, message, request });
        expect([ours.ok, theirs]).toEqual([false, false]);
      }),
      { numRuns: 300 },
    );
  });

  test('of all other changes we accept none that it refuses, and the rest is on the list', async () => {
    const seen = new Map<string, string>();
    let judged = 0;
    for (const [name, change] of Object.entries(hostileChanges)) {
      const messages = fc.sample(messageOf(oracle), 12);
      for (const message of messages) {
        const request = change(await passOn(oracle, message), oracle.preset);
        const { ours, theirs } = await judge({ oracle, message, request });
        judged += 1;
        if (ours.ok && !theirs) throw new Error(`We accept what ${library} refuses: ${name}.`);
        if (!ours.ok && theirs) seen.set(name, ours.code);
      }
    }
    expect(judged).toBe(12 * Object.keys(hostileChanges).length);
    const listed = Object.keys(stricterOnPurpose[library] ?? {});
    expect([...seen].map(([name, code]) => `${name}: ${code}`).toSorted()).toEqual(listed.toSorted());
  });
});

function flipBit({ where, bit, inBody }: { where: number; bit: number; inBody: boolean }): HostileChange {
  const flip = (bytes: Uint8Array): Uint8Array => {
    const flipped = Uint8Array.from(bytes);
    const at = where % flipped.length;
    flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
    return flipped;
  };
  return (request, preset) => {
    if (inBody) return { ...request, rawBody: flip(request.rawBody) };
    const headers = request.headers.map(([name, value]): [string, string] => {
      if (name !== preset.signature.header) return [name, value];
      return [name, Buffer.from(flip(Buffer.from(value, 'latin1'))).toString('latin1')];
    });
    return { ...request, headers };
  };
}
