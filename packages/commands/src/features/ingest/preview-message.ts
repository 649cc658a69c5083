import type { Database } from '@karmanflow/schema';
import * as v from 'valibot';
import type { Registry } from '../../definition/registry.ts';
import { parseCommand } from '../../executor/parse-command.ts';
import { mapMessage } from './mapping/map-message.ts';
import type { Mapping } from './mapping/mapping-document.ts';
import type { ArrivedMessage } from './mapping/message-reading.ts';
import { type MessageToResolve, resolveMessage } from './resolve-message.ts';

/** What a message would become. */
export const previewShape = v.strictObject({
  result: v.picklist(['command', 'ignored', 'unprocessable']),
  commandType: v.nullable(v.string()),
  input: v.unknown(),
  /** The level is brought to this number: `delta` is what is missing when the message comes. */
  setLevel: v.nullable(v.strictObject({ quantity: v.string(), to: v.number() })),
  reason: v.nullable(v.string()),
  problems: v.array(v.string()),
});
export type MessagePreview = v.InferOutput<typeof previewShape>;

export interface MessageToPreview {
  readonly database: Database;
  readonly registry: Pick<Registry, 'commands'>;
  readonly source: Omit<MessageToResolve, 'names'>;
  readonly mapping: Mapping;
  readonly message: ArrivedMessage;
}

/** What a message would become by a mapping, with the names that exist now. Reads, and writes nothing. */
export async function previewMessage(given: MessageToPreview): Promise<MessagePreview> {
  const reading = mapMessage(given.mapping, given.message);
  const outcome =
    reading.kind === 'read'
      ? reading.toCommand(await resolveMessage(given.database, { ...given.source, names: reading.names }))
      : reading;
  if (outcome.kind === 'ignored') return { ...nothing, result: 'ignored' };
  if (outcome.kind === 'unprocessable') {
    const unknown = Object.values(outcome.unknown ?? {}).flatMap((list: readonly string[]) => list);
    return failedPreview(outcome.reason, [outcome.detail, ...outcome.issues.map(lineOf), ...unknown]);
  }
  const { commandType, input, setLevel } = outcome.command;
  const definition = given.registry.commands.get(commandType);
  if (!definition) return failedPreview('mapping_invalid', [`there is no command ${commandType}`]);
  const known = parseCommand(definition, setLevel === null ? input : { ...Object(input), delta: 1 });
  if (!known.ok) return failedPreview('input_invalid', known.issues.map(lineOf));
  return { result: 'command', commandType, input, setLevel, reason: null, problems: [] };
}

const nothing = { commandType: null, input: null, setLevel: null, reason: null, problems: [] };

/** Of a message that would be held. */
export function failedPreview(reason: string, problems: readonly string[]): MessagePreview {
  return { ...nothing, result: 'unprocessable', reason, problems: [...problems] };
}

function lineOf({ path, message }: { readonly path: string; readonly message: string }): string {
  return `${path}: ${message}`;
}
