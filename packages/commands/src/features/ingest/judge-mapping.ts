import { canonicalBytes, type JsonValue } from '@karmanflow/receipts';
import { roles } from '@karmanflow/policy';
import type { Registry } from '../../definition/registry.ts';
import { commandTypesOf, parseMapping } from './mapping/mapping-document.ts';

export type MappingJudgement =
  /** The text in which it is kept. */
  | { readonly ok: true; readonly document: string }
  | { readonly ok: false; readonly code: 'mapping_invalid'; readonly detail: { readonly problems: readonly string[] } }
  | {
      readonly ok: false;
      readonly code: 'command_type_unknown';
      readonly detail: { readonly commandTypes: readonly string[] };
    };

/** Whether a source may have this mapping, or one of its messages be tried on it. */
export function judgeMapping(
  mapping: Readonly<Record<string, unknown>>,
  { commands }: Pick<Registry, 'commands'>,
): MappingJudgement {
  const parsed = parseMapping(mapping);
  if (!parsed.ok) return { ok: false, code: 'mapping_invalid', detail: { problems: parsed.problems } };
  const unknown = commandTypesOf(parsed.mapping).filter((type) => {
    const command = commands.get(type);
    // A partner's message becomes what a connector may ever ask for, in the connector's own environment.
    const isOffered = command !== undefined && command.internal !== true && command.environment === 'caller';
    return !isOffered || !(roles.connector as readonly string[]).includes(command.scope);
  });
  if (unknown.length > 0) return { ok: false, code: 'command_type_unknown', detail: { commandTypes: unknown } };
  // It came as JSON, which its type does not say.
  return { ok: true, document: new TextDecoder().decode(canonicalBytes(mapping as JsonValue)) };
}
