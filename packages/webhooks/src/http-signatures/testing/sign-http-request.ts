import { constants, createHash, createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { HttpSignatureKey } from '../http-signature-key.ts';
import type { SignedRequest } from '../signed-request.ts';

/** A key that signs, with the half that a receiver knows. */
export interface SigningKey {
  readonly keyId: string;
  readonly sign: (data: Uint8Array) => Uint8Array;
  readonly known: HttpSignatureKey;
  /** What `http-message-signatures` takes: the secret, or the PEM of the private and the public key. */
  readonly library: { readonly signing: string | Buffer; readonly verifying: string | Buffer };
}

export function makeHmacKey(): SigningKey {
  const secret = Buffer.alloc(32, 7);
  return {
    keyId: 'shared',
    sign: (data) => createHmac('sha256', secret).update(data).digest(),
    known: { algorithm: 'hmac-sha256', secret },
    library: { signing: secret, verifying: secret },
  };
}

export function makeEd25519Key(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  return {
    keyId: 'public',
    sign: (data) => sign(null, data, privateKey),
    known: { algorithm: 'ed25519', publicKey: new Uint8Array(Buffer.from(x, 'base64url')) },
    library: { signing: pemOf(privateKey, 'pkcs8'), verifying: pemOf(publicKey, 'spki') },
  };
}

export function makeEcdsaKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    keyId: 'curve',
    sign: (data) => sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
    known: { algorithm: 'ecdsa-p256-sha256', publicKey: derOf(publicKey) },
    library: { signing: pemOf(privateKey, 'pkcs8'), verifying: pemOf(publicKey, 'spki') },
  };
}

export function makeRsaKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 };
  return {
    keyId: 'rsa',
    sign: (data) => sign('sha512', data, { key: privateKey, ...padding }),
    known: { algorithm: 'rsa-pss-sha512', publicKey: derOf(publicKey) },
    library: { signing: pemOf(privateKey, 'pkcs8'), verifying: pemOf(publicKey, 'spki') },
  };
}

function derOf(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ format: 'der', type: 'spki' }));
}

function pemOf(key: KeyObject, type: 'pkcs8' | 'spki'): string {
  return key.export({ format: 'pem', type }).toString();
}

export interface SigningChoice {
  readonly key: SigningKey;
  readonly components: readonly string[];
  /** As it stands behind the list, such as `;created=1;keyid="a"`. */
  readonly parameters: string;
  readonly label?: string;
}

/** The request with its two signature headers. The base is written by hand from RFC 9421 section 2.5. */
export function signHttpRequest(request: SignedRequest, choice: SigningChoice): SignedRequest {
  const url = new URL(request.url);
  const derived: Readonly<Record<string, string>> = {
    '@method': request.method,
    '@target-uri': request.url,
    '@authority': url.host,
    '@path': url.pathname,
    '@query': url.search === '' ? '?' : url.search,
  };
  const lines = choice.components.map((name) => {
    const values = [...request.headers].filter(([key]) => key.toLowerCase() === name).map(([, value]) => value.trim());
    return `"${name}": ${derived[name] ?? values.join(', ')}`;
  });
  const input = `(${choice.components.map((name) => `"${name}"`).join(' ')})${choice.parameters}`;
  lines.push(`"@signature-params": ${input}`);
  const value = Buffer.from(choice.key.sign(Buffer.from(lines.join('\n')))).toString('base64');
  const label = choice.label ?? 'sig';
  const headers = [...request.headers, ['signature-input', `${label}=${input}`], ['signature', `${label}=:${value}:`]];
  return { ...request, headers: headers.map(([name = '', text = '']): [string, string] => [name, text]) };
}

/** `Content-Digest` (RFC 9530) of a body. */
export function digestHeader(body: Uint8Array, algorithm: 'sha-256' | 'sha-512' = 'sha-256'): string {
  return `${algorithm}=:${createHash(algorithm.replace('-', '')).update(body).digest('base64')}:`;
}
