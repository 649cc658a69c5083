import { describe, expect, test } from 'bun:test';
import { randomBytes } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import * as v from 'valibot';
import { createSealer, sealingKeyBytes } from './sealer.ts';

const key = randomBytes(sealingKeyBytes);
const sealer = createSealer(key);
const shape = v.strictObject({ name: v.string() });

describe('what is sealed', () => {
  test('opens as what it was, and shows nothing of it', async () => {
    const text = await sealer.seal('one', { name: 'a name that nobody reads' });
    expect(await sealer.open('one', text, shape)).toEqual({ name: 'a name that nobody reads' });
    const parts = text.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    expect(JSON.parse(parts[0] ?? '')).toEqual({ alg: 'dir', enc: 'A256GCM', typ: 'one' });
    expect(parts.join('')).not.toContain('nobody reads');
    expect(await sealer.seal('one', { name: 'a name that nobody reads' })).not.toBe(text);
  });

  test('opens as no other kind, of no other shape, with no other key', async () => {
    const text = await sealer.seal('one', { name: 'a' });
    expect(await sealer.open('two', text, shape)).toBeNull();
    expect(await sealer.open('one', text, v.strictObject({ other: v.string() }))).toBeNull();
    expect(await createSealer(randomBytes(sealingKeyBytes)).open('one', text, shape)).toBeNull();
  });

  test('does not open when any character of it was changed', async () => {
    const text = await sealer.seal('one', { name: 'a' });
    for (let at = 0; at < text.length; at += 1) {
      const other = text[at] === 'A' ? 'Q' : 'A';
      const changed = `${text.slice(0, at)}${other}${text.slice(at + 1)}`;
      expect({ at, opened: await sealer.open('one', changed, shape) }).toEqual({ at, opened: null });
    }
  });

  test.each(['', '.', '....', 'eyJhbGciOiJub25lIn0.e30.', 'a'.repeat(10_000)])('is not %p', async (text) => {
    expect(await sealer.open('one', text, shape)).toBeNull();
  });

  test('opens under no algorithm but ours', async () => {
    const text = await new CompactEncrypt(Buffer.from('{"name":"a"}'))
      .setProtectedHeader({ alg: 'A256KW', enc: 'A256GCM', typ: 'one' })
      .encrypt(key);
    expect(await sealer.open('one', text, shape)).toBeNull();
  });

  test('needs a key of the right size', () => {
    expect(() => createSealer(randomBytes(16))).toThrow('32 bytes');
  });
});
