import type { TimestampWindow } from '../read-timestamp.ts';
import type { WebhookHeaderPairs } from '../read-webhook-headers.ts';
import type { InboundPreset } from './inbound-preset.ts';
import { refuseInbound, type InboundRefusal } from './inbound-refusal.ts';
import { readInboundHeaders, type InboundHeaderValues } from './read-inbound-headers.ts';
import { readPresentedMacs, readTaggedValues } from './read-presented-macs.ts';
import { readSignedTime } from './read-signed-time.ts';

interface InboundRequest {
  readonly preset: InboundPreset;
  readonly headers: WebhookHeaderPairs;
  readonly rawBody: Uint8Array;
  readonly window: TimestampWindow;
}

/** What a request says, and what is wrong with it so far. With a refusal the values are stand-ins of the same size. */
export interface InboundReading {
  readonly refusal?: InboundRefusal;
  readonly values: { readonly messageId: string; readonly timestamp: string; readonly body: Uint8Array };
  readonly macs: readonly Uint8Array[];
  readonly signedAtSeconds?: number;
}

/** Compared when no signature could be read, so that a refusal before it costs as much as one behind it. */
const standInMac = new Uint8Array(32);

/** Reads all but the signature's truth, in the order of the refusal codes. */
export function readInboundRequest(request: InboundRequest): InboundReading {
  const headers = readInboundHeaders(request);
  if (!headers.ok) return refused(request, headers);
  const bodyRefusal = refuseBody(request);
  if (bodyRefusal !== undefined) return refused(request, bodyRefusal);
  const time = readTime(request, headers);
  if (!time.ok) return refused(request, time);
  const presented = readPresentedMacs({ preset: request.preset, signature: headers.signature });
  if (!presented.ok) return refused(request, presented);
  return {
    values: { messageId: headers.messageId ?? '', timestamp: time.text, body: request.rawBody },
    macs: presented.macs,
    ...(time.timestampSeconds === undefined ? {} : { signedAtSeconds: time.timestampSeconds }),
  };
}

/** Of a body that is too large, only as much is hashed as a permitted one has. */
function refused({ preset, rawBody }: InboundRequest, refusal: InboundRefusal): InboundReading {
  const body = rawBody.subarray(0, preset.body.maxBytes);
  return { refusal, values: { messageId: '', timestamp: '', body }, macs: [standInMac] };
}

function refuseBody({ preset, rawBody }: InboundRequest): InboundRefusal | undefined {
  if (rawBody.length === 0 && !preset.body.mayBeEmpty) return refuseInbound('body_empty', 'The body is empty.');
  if (rawBody.length <= preset.body.maxBytes) return undefined;
  return refuseInbound('body_too_large', `The body has more than ${preset.body.maxBytes} bytes.`);
}

type SignedTime = { readonly ok: true; readonly text: string; readonly timestampSeconds?: number } | InboundRefusal;

function readTime({ preset, window }: InboundRequest, headers: InboundHeaderValues): SignedTime {
  const { timestamp } = preset;
  if (timestamp === undefined) return { ok: true, text: '' };
  const texts =
    timestamp.source === 'header'
      ? [headers.timestamp ?? '']
      : readTaggedValues({ preset, signature: headers.signature, tag: timestamp.tag });
  const [text, ...others] = texts;
  if (text === undefined || others.length > 0) {
    return refuseInbound('timestamp_malformed', 'The signature header does not have exactly one timestamp.');
  }
  const time = readSignedTime({ text, unit: timestamp.unit, window });
  return time.ok ? { ok: true, text, timestampSeconds: time.timestampSeconds } : time;
}
