import type { InboundPreset, SignedPart } from './inbound-preset.ts';

/** What a description must obey beyond the shape of its fields, so that it can be verified in one way only. */
export interface InboundPresetRule {
  readonly problem: string;
  readonly holds: (preset: InboundPreset) => boolean;
}

export const inboundPresetRules: readonly InboundPresetRule[] = [
  {
    problem: 'The signed content has the body once, and each other part at most once.',
    holds: ({ signedContent }) =>
      countPart(signedContent, 'body') === 1 &&
      (['id', 'timestamp', 'url', 'method'] as const).every((part) => countPart(signedContent, part) <= 1),
  },
  {
    // Else bytes could move from one part to its neighbour under the same signature.
    problem: 'Between two parts of the request stands a text that begins and ends with punctuation.',
    holds: ({ signedContent }) => signedContent.every((_, index) => isSeparated({ parts: signedContent, index })),
  },
  {
    problem: 'A timestamp is declared, signed and judged by a window, or none of the three.',
    holds: ({ timestamp, signedContent, replay }) => {
      const isDeclared = timestamp !== undefined;
      return isDeclared === countPart(signedContent, 'timestamp') > 0 && isDeclared === (replay.policy === 'window');
    },
  },
  {
    problem: 'A signed id comes from a header.',
    holds: ({ signedContent, messageId }) => countPart(signedContent, 'id') === 0 || messageId.source === 'header',
  },
  {
    problem: 'A timestamp in the signature header needs a tagged list, and a tag of its own.',
    holds: ({ timestamp, signature }) =>
      timestamp?.source !== 'signature' || (signature.form === 'tagged' && signature.tag !== timestamp.tag),
  },
  {
    problem: 'Entries and their tags are separated by different characters.',
    holds: ({ signature }) => signature.form !== 'tagged' || signature.entrySeparator !== signature.tagSeparator,
  },
  {
    problem: 'Each header has one role.',
    holds: ({ signature, timestamp, messageId }) => {
      const names = [signature.header];
      if (timestamp?.source === 'header') names.push(timestamp.header);
      if (messageId.source === 'header') names.push(messageId.header);
      return new Set(names).size === names.length;
    },
  },
  {
    problem: 'Claims are kept for longer than a retry or a replay can come.',
    holds: ({ claims, delivery, replay }) => {
      const windowSeconds = replay.policy === 'window' ? 2 * replay.toleranceSeconds : 0;
      return claims.retentionSeconds > delivery.retryHorizonSeconds + windowSeconds;
    },
  },
  {
    problem: 'The secret has no bytes between its least and its most.',
    holds: ({ secret }) => secret.minBytes <= secret.maxBytes,
  },
];

function countPart(parts: readonly SignedPart[], name: SignedPart['part']): number {
  return parts.filter(({ part }) => part === name).length;
}

/** The address is ours and fixed, so what follows it directly cannot be shifted into it. */
function isSeparated({ parts, index }: { readonly parts: readonly SignedPart[]; readonly index: number }): boolean {
  const part = parts[index];
  const next = parts[index + 1];
  if (part === undefined || next === undefined) return true;
  if (part.part !== 'text' && next.part !== 'text') return part.part === 'url';
  if (part.part === 'text' && next.part === 'text') return false;
  const text = part.part === 'text' ? part.text.at(-1) : next.part === 'text' ? next.text.at(0) : undefined;
  return text !== undefined && /[^0-9A-Za-z]/.test(text);
}
