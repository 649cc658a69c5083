import { describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { openMessage, parseQuarantineKeys, type SealedFor, sealMessage, type StoredMessage } from './seal-message.ts';

const scope = {
  tenantId: 'tnt_00000000-0000-7000-8000-000000000001',
  environmentId: 'env_00000000-0000-7000-8000-000000000002',
} as const;
const sealedFor: SealedFor = { scope, ingestSourceId: 'src_1', contentKey: 'a'.repeat(64) };
const keys = [randomBytes(32)];
const nonce = (): Uint8Array => randomBytes(12);
const message: StoredMessage = {
  headers: [['webhook-id', 'msg_1']],
  body: Uint8Array.of(0, 255, 10),
  receivedAtSeconds: 1_700_000_000,
};

describe('a sealed message', () => {
  test('opens to what was sealed, for every message', () => {
    const messages = fc.record({
      headers: fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 5 }),
      body: fc.uint8Array({ maxLength: 500 }),
      receivedAtSeconds: fc.nat(),
    });
    fc.assert(
      fc.property(messages, (one) => {
        const sealed = sealMessage(one, { keys, sealedFor, nonce: nonce() });
        expect(openMessage(sealed, { keys, sealedFor })).toEqual({ ...one, body: new Uint8Array(one.body) });
      }),
    );
  });

  test('opens nowhere else, under no other key, and not with one bit changed', () => {
    const sealed = sealMessage(message, { keys, sealedFor, nonce: nonce() });
    const elsewhere: SealedFor[] = [
      { ...sealedFor, ingestSourceId: 'src_2' },
      { ...sealedFor, contentKey: 'b'.repeat(64) },
      { ...sealedFor, scope: { ...scope, tenantId: 'tnt_00000000-0000-7000-8000-000000000009' } },
      { ...sealedFor, scope: { ...scope, environmentId: 'env_00000000-0000-7000-8000-000000000009' } },
    ];
    for (const place of elsewhere) expect(openMessage(sealed, { keys, sealedFor: place })).toBeNull();
    expect(openMessage(sealed, { keys: [randomBytes(32)], sealedFor })).toBeNull();
    const bytes = Buffer.from(sealed, 'base64');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(openMessage(changed.toString('base64'), { keys, sealedFor })).toBeNull();
    }
    expect(openMessage('', { keys, sealedFor })).toBeNull();
  });

  test('is sealed with the first key, and opened with any that is known', () => {
    const sealed = sealMessage(message, { keys, sealedFor, nonce: nonce() });
    expect(openMessage(sealed, { keys: [randomBytes(32), ...keys], sealedFor })).toEqual(message);
  });
});

test('keys are base64 of 32 bytes, one to four of them', () => {
  const [one, two] = [randomBytes(32), randomBytes(32)].map((key) => key.toString('base64'));
  expect(parseQuarantineKeys(`${one}\n`)).toHaveLength(1);
  expect(parseQuarantineKeys(`${one} ${two}`)).toHaveLength(2);
  const wrong = ['', 'short', randomBytes(31).toString('base64'), Array.from({ length: 5 }, () => one).join(' ')];
  for (const text of wrong) expect(parseQuarantineKeys(text)).toBeNull();
});
