import type { InboundPreset } from '../inbound-preset.ts';

/** A request between the sender and the receiver. */
export interface PassingRequest {
  readonly headers: readonly (readonly [string, string])[];
  readonly rawBody: Uint8Array;
  readonly nowSeconds: number;
}

export type HostileChange = (request: PassingRequest, preset: InboundPreset) => PassingRequest;

type HeaderRole = 'id' | 'timestamp' | 'signature';

/** Undefined when the preset has no such header, so that the change changes nothing. */
function headerOf(preset: InboundPreset, role: HeaderRole): string | undefined {
  if (role === 'signature') return preset.signature.header;
  if (role === 'timestamp') return preset.timestamp?.source === 'header' ? preset.timestamp.header : undefined;
  return preset.messageId.source === 'header' ? preset.messageId.header : undefined;
}

function onValue(role: HeaderRole, change: (value: string) => string): HostileChange {
  return (request, preset) => ({
    ...request,
    headers: request.headers.map(([name, value]) => [name, name === headerOf(preset, role) ? change(value) : value]),
  });
}

/** The digits of the timestamp, in a header of its own or behind `t=` in the signature header. */
function onTimestamp(change: (digits: string) => string): HostileChange {
  return (request, preset) => {
    if (preset.timestamp?.source !== 'signature') return onValue('timestamp', change)(request, preset);
    return onValue('signature', (value) => value.replace(/(?<=^t=)[0-9]+/, change))(request, preset);
  };
}

function without(role: HeaderRole): HostileChange {
  return (request, preset) => ({
    ...request,
    headers: request.headers.filter(([name]) => name !== headerOf(preset, role)),
  });
}

function twice(role: HeaderRole): HostileChange {
  return (request, preset) => ({
    ...request,
    headers: [...request.headers, ...request.headers.filter(([name]) => name === headerOf(preset, role))],
  });
}

function onBody(change: (body: Uint8Array) => Uint8Array): HostileChange {
  return (request) => ({ ...request, rawBody: change(request.rawBody) });
}

function later(seconds: number): HostileChange {
  return (request) => ({ ...request, nowSeconds: request.nowSeconds + seconds });
}

/** The same bits before the padding, and others behind: a lenient decoder reads the same bytes. */
function otherTrailingBits(value: string): string {
  return value.replace(/(.)=(?= |$)/g, (_, last: string) => `${String.fromCharCode(last.charCodeAt(0) + 1)}=`);
}

/** By name, so that a test can say what each one meets. A body of the fuzz has the character U+FFFD, as EF BF BD. */
export const hostileChanges: Readonly<Record<string, HostileChange>> = {
  'nothing changed': (request) => request,
  'a byte behind the body': onBody((body) => Uint8Array.from([...body, 0x20])),
  'the body cut short': onBody((body) => body.subarray(0, -1)),
  'an empty body': onBody(() => new Uint8Array()),
  'a byte order mark before the body': onBody((body) => Uint8Array.from([0xef, 0xbb, 0xbf, ...body])),
  'a broken byte where U+FFFD was': onBody((body) => {
    const at = Buffer.from(body).indexOf(Buffer.from('\uFFFD'));
    return Uint8Array.from([...body.subarray(0, at), 0xff, ...body.subarray(at + 3)]);
  }),
  'the edge of the window': later(300),
  'a second behind the window': later(301),
  'the edge before the window': later(-300),
  'a second before the window': later(-301),
  'a day later': later(86_400),
  'a day earlier': later(-86_400),
  'a timestamp with a zero before it': onTimestamp((digits) => `0${digits}`),
  'a timestamp with a plus before it': onTimestamp((digits) => `+${digits}`),
  'a timestamp with a blank before it': onTimestamp((digits) => ` ${digits}`),
  'a timestamp with letters behind it': onTimestamp((digits) => `${digits}abc`),
  'a timestamp with a fraction': onTimestamp((digits) => `${digits}.5`),
  'a timestamp of another second': onTimestamp((digits) => String(Number(digits) + 1)),
  'no timestamp header': without('timestamp'),
  'two timestamp headers': twice('timestamp'),
  'another id': onValue('id', (value) => `${value}0`),
  'an id with a blank': onValue('id', (value) => `${value} 0`),
  'no id header': without('id'),
  'an empty id': onValue('id', () => ''),
  'two id headers': twice('id'),
  'no signature header': without('signature'),
  'an empty signature': onValue('signature', () => ''),
  'two signature headers': twice('signature'),
  'a signature in upper case': onValue('signature', (value) => value.toUpperCase()),
  'a signature with a blank behind it': onValue('signature', (value) => `${value} `),
  'a signature with a blank before it': onValue('signature', (value) => ` ${value}`),
  'a signature with junk behind a comma': onValue('signature', (value) => `${value},junk`),
  'a signature with junk behind a blank': onValue('signature', (value) => `${value} junk`),
  'a signature behind a short one of its version': onValue('signature', (value) =>
    value.startsWith('v1,') ? `v1,AAAA ${value}` : value.replace(',v1=', ',v1=00,v1='),
  ),
  'a signature behind one of another version': onValue('signature', (value) =>
    value.startsWith('v1,') ? `v1a,AAAA ${value}` : value.replace(',v1=', ',v0=00,v1='),
  ),
  'seventeen signatures': onValue('signature', (value) => {
    if (value.startsWith('v1,')) return Array.from({ length: 17 }, () => value).join(' ');
    return value.replace(/,v1=.*/, (entry) => entry.repeat(17));
  }),
  'a signature cut short': onValue('signature', (value) => value.slice(0, -1)),
  'a signature without padding': onValue('signature', (value) => value.replace(/=+$/, '')),
  'a signature with other trailing bits': onValue('signature', otherTrailingBits),
  'a signature of zeros': onValue('signature', (value) =>
    value.replace(/[0-9A-Za-z+/]{40,}/g, (mac) => '0'.repeat(mac.length)),
  ),
};
