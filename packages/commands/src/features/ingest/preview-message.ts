import type { Database } from '@karmanflow/schema';
import * as v from 'valibot';
import type { Registry } from '../../definition/registry.ts';
import { type InputIssue, parseCommand } from '../../executor/parse-command.ts';
import { mapMessage } from './mapping/map-message.ts';
import type { Mapping } from './mapping/mapping-document.ts';
import type { ArrivedMessage, MappedCommand } from './mapping/message-reading.ts';
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

/** What a message would become: a command that its input fits, nothing, or why it would be held. */
export type Trial =
  | { readonly kind: 'command'; readonly command: MappedCommand }
  | { readonly kind: 'ignored' }
  | {
      readonly kind: 'unprocessable';
      readonly reason: string;
      /** Names places and kinds; never repeats what was sent. */
      readonly detail: string;
      /** Without the values that caused them. */
      readonly issues: readonly InputIssue[];
      /** Names that the message itself has, and that there is nothing behind. */
      readonly unknown: readonly string[];
    };

/** Tries a message on a mapping, with the names that exist now. Reads, and writes nothing. */
export async function tryMessage(given: MessageToPreview): Promise<Trial> {
  const reading = mapMessage(given.mapping, given.message);
  const outcome =
    reading.kind === 'read'
      ? reading.toCommand(await resolveMessage(given.database, { ...given.source, names: reading.names }))
      : reading;
  if (outcome.kind === 'ignored') return outcome;
  const held = { kind: 'unprocessable', issues: [], unknown: [] } as const;
  if (outcome.kind === 'unprocessable') {
    const unknown = Object.values(outcome.unknown ?? {}).flatMap((list: readonly string[]) => list);
    return { ...held, reason: outcome.reason, detail: outcome.detail, issues: outcome.issues, unknown };
  }
  const { commandType, input, setLevel } = outcome.command;
  const definition = given.registry.commands.get(commandType);
  if (!definition) return { ...held, reason: 'mapping_invalid', detail: `there is no command ${commandType}` };
  const known = parseCommand(definition, setLevel === null ? input : { ...Object(input), delta: 1 });
  if (known.ok) return outcome;
  return { ...held, reason: 'input_invalid', detail: 'the message does not fit its command', issues: known.issues };
}

/** What a message would become, with its values: for who has them. */
export async function previewMessage(given: MessageToPreview): Promise<MessagePreview> {
  const trial = await tryMessage(given);
  if (trial.kind === 'ignored') return { ...nothing, result: 'ignored' };
  if (trial.kind === 'unprocessable') {
    const { reason, detail, issues, unknown } = trial;
    return failedPreview(reason, [detail, ...issues.map(lineOf), ...unknown]);
  }
  const { commandType, input, setLevel } = trial.command;
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
