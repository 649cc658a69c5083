import { ingest } from '@karmanflow/commands';
import { configureGenericHmac, type InboundPreset, inboundLimits, inboundPresets } from '@karmanflow/webhooks';

/** How the messages of a source are verified: which one applies is what the source says, never what the request says. */
export interface SourceScheme {
  readonly preset: InboundPreset;
  /** The address as its sender knows it. */
  readonly registeredUrl: string | null;
}

/**
 * The scheme of a source as it is stored: a preset by name, or a generic HMAC as its settings describe it. Null when this
 * build cannot make one of it; the source is then nobody's to use, and the log says so.
 */
export function schemeOf(source: {
  readonly preset: string;
  /** JSON text. */
  readonly settings: string;
  readonly toleranceSeconds: number;
}): SourceScheme | null {
  const settings = readSettings(source.settings);
  if (settings === null) return null;
  const registeredUrl = settings.registeredUrl ?? null;
  if (source.preset === 'generic-hmac') {
    const configured = configureGenericHmac(settings.genericHmac ?? {});
    return configured.ok && hasItsUrl(configured.preset, registeredUrl)
      ? { preset: configured.preset, registeredUrl }
      : null;
  }
  const named: InboundPreset | undefined = Object.hasOwn(inboundPresets, source.preset)
    ? inboundPresets[source.preset as keyof typeof inboundPresets]
    : undefined;
  if (named === undefined || !hasItsUrl(named, registeredUrl)) return null;
  if (named.replay.policy !== 'window') return { preset: named, registeredUrl };
  // A bound of the package, beyond which it throws: what the database holds must not stop the process.
  const toleranceSeconds = Math.min(source.toleranceSeconds, inboundLimits.toleranceMaxSeconds);
  return { preset: { ...named, replay: { policy: 'window', toleranceSeconds } }, registeredUrl };
}

function readSettings(text: string): ingest.PresetSettings | null {
  try {
    return ingest.settingsFromText(text);
  } catch {
    return null;
  }
}

function hasItsUrl({ signedContent }: InboundPreset, registeredUrl: string | null): boolean {
  return registeredUrl !== null || !signedContent.some(({ part }) => part === 'url');
}
