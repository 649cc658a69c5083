import { describe, expect, test } from 'bun:test';
import { isSecretReference, parseSecretReference } from './secret-reference.ts';

describe('parseSecretReference', () => {
  test('reads a name and perhaps a version', () => {
    expect(parseSecretReference('secrets://signing-key')).toEqual({ name: 'signing-key', version: null });
    expect(parseSecretReference('secrets://signing_key2/17')).toEqual({ name: 'signing_key2', version: '17' });
    expect(parseSecretReference(`secrets://${'a'.repeat(128)}`)).not.toBeNull();
  });

  const refused = [
    '',
    'secrets:',
    'secrets://',
    'secret://name',
    'secrets://Name',
    'secrets://.name',
    'secrets://-name',
    'secrets://na.me',
    'secrets://../name',
    'secrets://a/../b',
    'secrets://a/b',
    'secrets://a/0',
    'secrets://a/01',
    'secrets://a/latest',
    'secrets://a/1/2',
    'secrets://a%2fb',
    'secrets://a\u0000',
    'secrets://a\n',
    ' secrets://a',
    'secrets://ä',
    `secrets://${'a'.repeat(129)}`,
  ];
  test.each(refused)('refuses %j', (text) => {
    expect(parseSecretReference(text)).toBeNull();
    expect(isSecretReference(text)).toBe(false);
  });
});
