import { describe, expect, test } from 'bun:test';
import { readSecretText } from './read-secret-text.ts';
import type { SecretStore } from './secret-store.ts';

const holding = (value: Uint8Array): SecretStore => ({ read: () => Promise.resolve(value) });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('readSecretText', () => {
  test.each([
    ['postgresql://u:p@h/d', 'postgresql://u:p@h/d'],
    ['with a line feed\n', 'with a line feed'],
    ['with its friend\r\n', 'with its friend'],
    [' spaces stay \n\n', ' spaces stay \n'],
    ['ü', 'ü'],
  ])('%j reads as %j', async (stored, expected) => {
    expect(await readSecretText(holding(bytes(stored)), 'secrets://a')).toBe(expected);
  });

  test('nothing, or what is not text, is refused without its bytes', async () => {
    for (const value of [new Uint8Array(), bytes('\n'), Uint8Array.of(104, 117, 110, 0xff)]) {
      const error: unknown = await readSecretText(holding(value), 'secrets://a').catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'SecretUnavailable', code: 'value_corrupt' });
      expect(String(error)).not.toContain('hun');
    }
  });
});
