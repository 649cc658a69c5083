import type { Preset } from './preset.ts';
import { standardWebhooks } from './standard-webhooks.ts';

export type { Preset, SignedMessage, Verification } from './preset.ts';
export { standardWebhooks } from './standard-webhooks.ts';

const presets: ReadonlyMap<string, Preset> = new Map([standardWebhooks].map((preset) => [preset.name, preset]));

/** The preset of that name. Throws when there is none: the database's CHECK lists the names that this build knows. */
export function presetNamed(name: string): Preset {
  const preset = presets.get(name);
  if (!preset) throw new Error(`there is no preset ${name}`);
  return preset;
}
