import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import * as v from 'valibot';

const keysShape = v.strictObject({
  signing: v.strictObject({
    kty: v.literal('EC'),
    crv: v.literal('P-256'),
    x: v.string(),
    y: v.string(),
    d: v.string(),
    kid: v.string(),
    use: v.literal('sig'),
    alg: v.literal('ES256'),
  }),
  cookies: v.pipe(v.array(v.string()), v.minLength(1)),
});

/** What the provider signs with: identities as a private JWK, and its own cookies. */
export type ProviderKeys = v.InferOutput<typeof keysShape>;

const cookieKeyBytes = 32;

/** New keys as text. */
export function newProviderKeys(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y, d } = privateKey.export({ format: 'jwk' });
  const kid = createHash('sha256').update(`${x}.${y}`).digest('base64url').slice(0, 16);
  const signing = { kty: 'EC', crv: 'P-256', x, y, d, kid, use: 'sig', alg: 'ES256' };
  return JSON.stringify({ signing, cookies: [randomBytes(cookieKeyBytes).toString('base64url')] });
}

/** Reads what `newProviderKeys` made. Throws without a word of it when it is anything else. */
export function parseProviderKeys(text: string): ProviderKeys {
  const parsed = v.safeParse(keysShape, parseJson(text));
  if (!parsed.success) throw new Error('the keys of the identity provider cannot be read');
  return parsed.output;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
