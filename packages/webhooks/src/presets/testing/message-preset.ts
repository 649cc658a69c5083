import type { InboundPreset } from '../inbound-preset.ts';

/** A description that uses everything at once: all parts, a timestamp in milliseconds, an id in the body. */
export const messagePreset: InboundPreset = {
  name: 'test-provider',
  algorithm: 'hmac-sha256',
  secret: { prefix: 'key-', encoding: 'hex', minBytes: 16, maxBytes: 32 },
  signature: {
    form: 'tagged',
    header: 'x-test-signature',
    encoding: 'hex',
    entrySeparator: ';',
    tagSeparator: ':',
    tag: 's1',
  },
  signedContent: [
    { part: 'text', text: 'test:' },
    { part: 'method' },
    { part: 'text', text: ':' },
    { part: 'url' },
    { part: 'text', text: ':' },
    { part: 'timestamp' },
    { part: 'text', text: ':' },
    { part: 'body' },
  ],
  timestamp: { source: 'header', header: 'x-test-time', unit: 'milliseconds' },
  messageId: { source: 'body', pointer: '/event/id' },
  replay: { policy: 'window', toleranceSeconds: 60 },
  claims: { retentionSeconds: 90_000, repeatedContent: 'accept' },
  body: { mayBeEmpty: false, maxBytes: 64 },
  delivery: { deadlineSeconds: 5, retryHorizonSeconds: 86_400 },
};
