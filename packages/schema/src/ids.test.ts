import { describe, expect, test } from 'bun:test';
import * as fc from 'fast-check';
import { controlEnvironmentOf, type IdKind, idPrefixes, isId, isUuid, newId, toId, toUuid } from './ids.ts';

const uuid = '018f4a5c-7b2e-7def-8123-456789abcdef';
const kinds = Object.keys(idPrefixes) as IdKind[];
const anyUuid = fc.uuid({ version: 7 });

describe('a UUID', () => {
  test.each([
    ['upper case', uuid.toUpperCase()],
    ['braces', `{${uuid}}`],
    ['no dashes', uuid.replaceAll('-', '')],
    ['a line break behind it', `${uuid}\n`],
    ['a line break before it', `\n${uuid}`],
    ['a space', ` ${uuid}`],
    ['a letter too many', `${uuid}0`],
    ['a letter too few', uuid.slice(1)],
    ['a letter that is no digit', uuid.replace('a', 'g')],
    ['nothing', ''],
  ])('with %s is not one', (_what, text) => {
    expect(isUuid(text)).toBe(false);
  });

  test('in its canonical form is one', () => {
    expect(isUuid(uuid)).toBe(true);
    fc.assert(fc.property(anyUuid, isUuid));
  });
});

describe('an id', () => {
  test('says its kind, and comes back as the UUID that it was made of', () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), anyUuid, (kind, made) => {
        const id = newId(kind, () => made);
        expect(id).toBe(`${idPrefixes[kind]}_${made}`);
        expect(toId(kind, made)).toBe(id);
        expect(toUuid(id)).toBe(made);
        expect(isId(kind, id)).toBe(true);
      }),
    );
  });

  test('of one kind is not an id of another', () => {
    for (const kind of kinds) {
      for (const other of kinds) expect(isId(other, toId(kind, uuid))).toBe(kind === other);
    }
  });

  test('has a prefix of its own, without an underscore, for every kind', () => {
    const prefixes = Object.values(idPrefixes);
    expect(new Set(prefixes).size).toBe(prefixes.length);
    for (const prefix of prefixes) expect(prefix).toMatch(/^[a-z]{3,5}$/);
  });

  test.each([
    ['no text', 42],
    ['null', null],
    ['undefined', undefined],
    ['an object that reads like one', { toString: () => `rsv_${uuid}` }],
    ['a bare UUID', uuid],
    ['a prefix alone', 'rsv_'],
    ['a double prefix', `rsv_rsv_${uuid}`],
    ['an upper case prefix', `RSV_${uuid}`],
    ['a line break', `rsv_${uuid}\n`],
  ])('is refused when it is %s', (_what, value) => {
    expect(isId('reservation', value)).toBe(false);
  });

  test.each([
    ['nothing', ''],
    ['a prefix alone', 'rsv_'],
    ['two prefixes', `rsv_rsv_${uuid}`],
    ['SQL', `rsv_${uuid}'; DROP TABLE kf.tenants; --`],
    ['a bare UUID', uuid],
  ])('throws where it should be unwrapped and is %s', (_what, text) => {
    expect(() => toUuid(text)).toThrow(TypeError);
  });

  test('that is wrong is named in the error, but never at full length', () => {
    expect(() => toUuid(`rsv_${'x'.repeat(10_000)}`)).toThrow(/^.{0,120}$/);
  });
});

test('the control environment of a tenant has the UUID of the tenant', () => {
  expect(controlEnvironmentOf(`tnt_${uuid}`)).toBe(`env_${uuid}`);
  expect(() => controlEnvironmentOf('tnt_nobody')).toThrow(TypeError);
});
