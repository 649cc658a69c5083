import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** An X.509 certificate that was made a moment ago for a test, with its key. Both as PEM. */
export interface TestCertificate {
  readonly name: string;
  readonly certificate: string;
  readonly privateKey: string;
  readonly key: KeyObject;
}

export interface TestCertificateInput {
  /** The common name. */
  readonly name: string;
  /** Who signs. Without it the certificate signs itself. */
  readonly issuer?: TestCertificate;
  readonly isAuthority?: boolean;
  readonly dnsNames?: readonly string[];
  readonly ipv4Addresses?: readonly string[];
  readonly validFrom: Date;
  readonly validUntil: Date;
}

/**
 * Makes a certificate (RFC 5280) with a P-256 key, by hand, since no key of a test should lie in a repository and no
 * library here can make one. It has what a TLS client looks at: names, validity, and whether it is an authority.
 */
export function makeTestCertificate(input: TestCertificateInput): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const content = sequence(
    tagged(0xa0, integer(2)),
    // Unique for an issuer in effect, since the public key is.
    encode(0x02, Buffer.concat([Buffer.from([1]), publicKey.export({ type: 'spki', format: 'der' }).subarray(-8)])),
    ecdsaWithSha256,
    distinguishedName(input.issuer?.name ?? input.name),
    sequence(generalizedTime(input.validFrom), generalizedTime(input.validUntil)),
    distinguishedName(input.name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions(input))),
  );
  const signature = sign('sha256', content, input.issuer?.key ?? privateKey);
  const der = sequence(content, ecdsaWithSha256, encode(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    name: input.name,
    certificate: toPem(der),
    privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    key: privateKey,
  };
}

const ecdsaWithSha256 = sequence(objectId([1, 2, 840, 10_045, 4, 3, 2]));

function extensions(input: TestCertificateInput): Uint8Array[] {
  const authority = sequence(...(input.isAuthority === true ? [encode(0x01, Buffer.from([0xff]))] : []));
  const names = [
    ...(input.dnsNames ?? []).map((name) => encode(0x82, Buffer.from(name, 'latin1'))),
    ...(input.ipv4Addresses ?? []).map((address) => encode(0x87, Buffer.from(address.split('.').map(Number)))),
  ];
  const basicConstraints = sequence(
    objectId([2, 5, 29, 19]),
    encode(0x01, Buffer.from([0xff])),
    encode(0x04, authority),
  );
  if (names.length === 0) return [basicConstraints];
  return [basicConstraints, sequence(objectId([2, 5, 29, 17]), encode(0x04, sequence(...names)))];
}

function distinguishedName(name: string): Uint8Array {
  return sequence(encode(0x31, sequence(objectId([2, 5, 4, 3]), encode(0x0c, Buffer.from(name, 'utf8')))));
}

function generalizedTime(time: Date): Uint8Array {
  const digits = time.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
  return encode(0x18, Buffer.from(`${digits}Z`, 'latin1'));
}

function integer(value: number): Uint8Array {
  return encode(0x02, Buffer.from([value]));
}

function objectId([first = 0, second = 0, ...rest]: readonly number[]): Uint8Array {
  return encode(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(sevenBitGroups)]));
}

/** Base 128, the highest group first, each but the last with its top bit set (X.690 section 8.19). */
function sevenBitGroups(value: number): number[] {
  const groups = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) groups.unshift((rest & 0x7f) | 0x80);
  return groups;
}

function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return encode(0x30, Buffer.concat(parts));
}

function tagged(tag: number, content: Uint8Array): Uint8Array {
  return encode(tag, content);
}

/** Tag, length, content (X.690 section 8.1). */
function encode(tag: number, content: Uint8Array): Uint8Array {
  const lengthBytes: number[] = [];
  for (let rest = content.length; rest > 0; rest >>= 8) lengthBytes.unshift(rest & 0xff);
  const length = content.length < 0x80 ? [content.length] : [0x80 | lengthBytes.length, ...lengthBytes];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function toPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
