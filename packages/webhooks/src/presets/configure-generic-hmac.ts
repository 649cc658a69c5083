import { inboundLimits } from './inbound-limits.ts';
import { parseInboundPreset, type InboundPresetParse } from './parse-inbound-preset.ts';

/** The most common scheme: the hex HMAC of the body in one header, no time, no id. */
const genericHmacDefaults = {
  name: 'generic-hmac',
  algorithm: 'hmac-sha256',
  secret: { prefix: '', encoding: 'utf8', minBytes: 16, maxBytes: 255 },
  signature: { form: 'single', header: 'x-signature', encoding: 'hex', prefix: '' },
  signedContent: [{ part: 'body' }],
  messageId: { source: 'signed-content' },
  replay: { policy: 'claims' },
  claims: { retentionSeconds: 30 * 86_400, repeatedContent: 'quarantine' },
  body: { mayBeEmpty: false, maxBytes: inboundLimits.bodyDefaultMaxBytes },
  delivery: { deadlineSeconds: 5, retryHorizonSeconds: 7 * 86_400 },
} as const;

/**
 * A preset for a provider that has none here. Each top-level field that the settings name replaces the default as a
 * whole; the result must be coherent (`parseInboundPreset`). Settings that are no object are a problem.
 */
export function configureGenericHmac(settings: unknown): InboundPresetParse {
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    return { ok: false, problems: ['The settings are not an object.'] };
  }
  return parseInboundPreset({ ...genericHmacDefaults, ...settings });
}
