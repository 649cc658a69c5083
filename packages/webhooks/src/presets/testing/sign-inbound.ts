import { createHmac } from 'node:crypto';
import type { InboundPreset } from '../inbound-preset.ts';
import { parseInboundSecret } from '../inbound-secret.ts';

export interface InboundMessage {
  readonly preset: InboundPreset;
  /** One signature for each; a preset with a single signature takes one secret. */
  readonly secrets: readonly string[];
  readonly messageId?: string;
  readonly timestamp?: string;
  readonly rawBody: Uint8Array;
  readonly url?: string;
  readonly method?: string;
}

/** The headers of a genuine sender, by the preset's own description. For tests: we sign for no provider. */
export function signInbound(message: InboundMessage): [string, string][] {
  const { preset, messageId = '', timestamp = '', url = '', method = '' } = message;
  const { signature, messageId: idSource, timestamp: timeSource } = preset;
  const values = { id: messageId, timestamp, body: message.rawBody, url, method };
  const signatures = message.secrets.map((text) => {
    const parsed = parseInboundSecret({ preset, text });
    if (!parsed.ok) throw new Error(parsed.publicMessage);
    const mac = createHmac('sha256', parsed.key);
    for (const part of preset.signedContent) mac.update(part.part === 'text' ? part.text : values[part.part]);
    return mac.digest(signature.encoding);
  });

  const headers: [string, string][] = [];
  if (idSource.source === 'header') headers.push([idSource.header, messageId]);
  if (timeSource?.source === 'header') headers.push([timeSource.header, timestamp]);
  if (signature.form === 'single') return [...headers, [signature.header, signature.prefix + (signatures[0] ?? '')]];
  const { tag, tagSeparator, entrySeparator } = signature;
  const entries = signatures.map((text) => `${tag}${tagSeparator}${text}`);
  if (timeSource?.source === 'signature') entries.unshift(`${timeSource.tag}${tagSeparator}${timestamp}`);
  return [...headers, [signature.header, entries.join(entrySeparator)]];
}
