import { ingest } from '@karmanflow/commands';
import { limits } from '@karmanflow/schema';
import {
  configureGenericHmac,
  configureHttpSignatures,
  type HttpSignaturePreset,
  type InboundPreset,
  inboundLimits,
  inboundPresets,
} from '@karmanflow/webhooks';

/** How the messages of a source are verified: which one applies is what the source says, never what the request says. */
export type SourceScheme =
  | {
      readonly kind: 'mac';
      readonly preset: InboundPreset;
      /** The address as its sender knows it; null where none is signed. */
      readonly registeredUrl: string | null;
    }
  | { readonly kind: 'http-signature'; readonly preset: HttpSignaturePreset; readonly registeredUrl: string };

/** How much of a source one process takes. */
export interface SourceLimits {
  readonly bodyBytes: number;
  readonly messagesPerSecond: number;
  readonly burstMessages: number;
}

export interface StoredScheme {
  readonly preset: string;
  /** JSON text. */
  readonly settings: string;
  readonly toleranceSeconds: number;
  /** Of the source, which its sender may sign. */
  readonly address: string;
}

/**
 * The scheme and the limits of a source as it is stored. Null when this build can make none of it; the source is then nobody's
 * to use, and the log says so.
 */
export function schemeOf(
  source: StoredScheme,
): { readonly scheme: SourceScheme; readonly limits: SourceLimits } | null {
  const settings = readSettings(source.settings);
  if (settings === null) return null;
  const registeredUrl = settings.registeredUrl?.replaceAll('{address}', source.address) ?? null;
  const scheme = readScheme(source, settings, registeredUrl);
  return scheme === null ? null : { scheme, limits: limitsOf(settings) };
}

function readScheme(
  source: StoredScheme,
  settings: ingest.PresetSettings,
  registeredUrl: string | null,
): SourceScheme | null {
  if (source.preset === 'http-signatures') {
    const configured = configureHttpSignatures(settings.httpSignatures ?? {}, source);
    if (!configured.ok || registeredUrl === null) return null;
    return { kind: 'http-signature', preset: configured.preset, registeredUrl };
  }
  const preset = macPresetOf(source, settings);
  if (preset === null) return null;
  const signsUrl = preset.signedContent.some(({ part }) => part === 'url');
  return signsUrl && registeredUrl === null ? null : { kind: 'mac', preset, registeredUrl };
}

function macPresetOf(source: StoredScheme, settings: ingest.PresetSettings): InboundPreset | null {
  if (source.preset === 'generic-hmac') {
    const configured = configureGenericHmac(settings.genericHmac ?? {});
    return configured.ok ? configured.preset : null;
  }
  const named: InboundPreset | undefined = Object.hasOwn(inboundPresets, source.preset)
    ? inboundPresets[source.preset as keyof typeof inboundPresets]
    : undefined;
  if (named?.replay.policy !== 'window') return named ?? null;
  // A bound of the package, beyond which it throws: what the database holds must not stop the process.
  const toleranceSeconds = Math.min(source.toleranceSeconds, inboundLimits.toleranceMaxSeconds);
  return { ...named, replay: { policy: 'window', toleranceSeconds } };
}

function limitsOf({ limits: given = {} }: ingest.PresetSettings): SourceLimits {
  const { ingestBounds } = ingest;
  return {
    bodyBytes: given.bodyBytes ?? limits.ingestBodyBytes,
    messagesPerSecond: given.messagesPerSecond ?? ingestBounds.messagesPerSecondDefault,
    burstMessages: given.burstMessages ?? ingestBounds.burstMessagesDefault,
  };
}

function readSettings(text: string): ingest.PresetSettings | null {
  try {
    return ingest.settingsFromText(text);
  } catch {
    return null;
  }
}
