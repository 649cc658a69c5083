import { inboundLimits } from './inbound-limits.ts';
import type { InboundPreset } from './inbound-preset.ts';

/**
 * The parts of the signed content that the caller passes. Throws a TypeError when the preset signs one that is absent
 * or cannot be it: both are the caller's own configuration.
 */
export function requireCallerParts(input: {
  readonly preset: InboundPreset;
  readonly url?: string;
  readonly method?: string;
}): { readonly url: string; readonly method: string } {
  const { url = '', method = '' } = input;
  const parts = new Set(input.preset.signedContent.map(({ part }) => part));
  if (parts.has('url') && (url === '' || url.length > inboundLimits.urlMaxCharacters)) {
    throw new TypeError(`${input.preset.name} signs the address: pass the one that the provider was given.`);
  }
  if (parts.has('method') && !/^[A-Z]{1,16}$/.test(method)) {
    throw new TypeError(`${input.preset.name} signs the method: pass the one that the route accepts.`);
  }
  return { url, method };
}
