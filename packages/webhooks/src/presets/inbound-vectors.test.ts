import { describe, expect, test } from 'bun:test';
import vectors from '../../vectors/inbound/presets.json';
import { inboundPresets, type InboundPresetName } from './inbound-presets.ts';
import { inboundRefusalCodes } from './inbound-refusal.ts';
import { verifyInbound } from './verify-inbound.ts';

/** JSON knows lists of strings only, so the pairs and names are checked on the way in. */
function readPairs(lists: readonly (readonly string[])[]): [string, string][] {
  return lists.map(([name, value, ...rest]) => {
    if (name === undefined || value === undefined || rest.length > 0) throw new Error('A header is not a pair.');
    return [name, value];
  });
}

function isPresetName(name: string): name is InboundPresetName {
  return Object.hasOwn(inboundPresets, name);
}

describe('the vector file', () => {
  test('lists the refusal codes in our order and has a case for each that fits in a file', () => {
    expect(vectors.refusalCodes).toEqual([...inboundRefusalCodes]);
    const codes = new Set(vectors.cases.flatMap(({ expected }) => expected.code ?? []));
    expect(inboundRefusalCodes.filter((code) => !codes.has(code))).toEqual(['body_too_large']);
  });

  test('has an accepted case for each preset', () => {
    const accepted = new Set(vectors.cases.flatMap(({ preset, expected }) => (expected.ok ? [preset] : [])));
    expect([...accepted].toSorted()).toEqual(Object.keys(inboundPresets).toSorted());
  });
});

describe('verify', () => {
  for (const { name, preset, secrets, headers, bodyBase64, nowSeconds, url, expected } of vectors.cases) {
    test(name, () => {
      if (!isPresetName(preset)) throw new Error(`No preset ${preset}.`);
      const result = verifyInbound({
        preset: inboundPresets[preset],
        secrets,
        headers: readPairs(headers),
        rawBody: new Uint8Array(Buffer.from(bodyBase64, 'base64')),
        nowSeconds,
        ...(url === undefined ? {} : { url }),
      });
      expect<unknown>(result.ok ? result : { ok: false, code: result.code }).toEqual(expected);
    });
  }
});
