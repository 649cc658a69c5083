import { type EvaluationInput, evaluationOf, type NameKind } from './evaluate.ts';
import { tooLarge } from './evaluated.ts';
import { ingestBounds } from '../ingest-bounds.ts';
import type { Mapping, Rule } from './mapping-document.ts';
import {
  type ArrivedMessage,
  type MappedCommand,
  type MessageIds,
  type MessageNames,
  type MessageReading,
  missing,
  unprocessable,
} from './message-reading.ts';
import { mapOrderCreated } from './order-created.ts';
import { readJson } from './read-json.ts';

/** Applies a mapping to a message. Pure, and bounded in time and size whatever either of them says. */
export function mapMessage(mapping: Mapping, message: ArrivedMessage): MessageReading {
  const json = readJson(message.body);
  if (!json.ok) return unprocessable('payload_malformed', json.detail);
  if (mapping.kind === 'karmanflow') return mapOrderCreated(json.value);
  const { header } = message;
  const conditions = evaluationOf({ body: json.value, header, lookUp: nothingKnown });
  const rule = mapping.rules.find(({ when }) => conditions.holds(when));
  // Whoever sends must not be able to make a rule be passed over by what it costs.
  if (conditions.isSpent()) return unprocessable('shape_mismatch', tooLarge);
  if (!rule) return unprocessable('type_unknown', 'no rule of the mapping applies to the message');
  if ('ignore' in rule) return { kind: 'ignored' };
  return readByRule(rule, json.value, message);
}

const nothingKnown = (): string | null => null;

type CommandRule = Extract<Rule, { command: string }>;

/** The first time the names are collected; the second time they have ids. */
function readByRule(rule: CommandRule, body: unknown, { header }: ArrivedMessage): MessageReading {
  const names = new Map<NameKind, Set<string>>();
  const collected = evaluateRule(rule, {
    body,
    header,
    lookUp: (kind, name) => {
      names.set(kind, (names.get(kind) ?? new Set<string>()).add(name));
      return name;
    },
  });
  if (!collected.ok) return unprocessable('shape_mismatch', collected.problem);
  const all = namesOf(names);
  return {
    kind: 'read',
    names: all,
    toCommand: (ids) => {
      const unknown = missing(all, ids);
      if (unknown) return unprocessable('name_unknown', 'the message names what does not exist here', { unknown });
      const evaluated = evaluateRule(rule, { body, header, lookUp: (kind, name) => idOf(ids, kind, name) });
      // The same expressions on the same message, with ids in place of names.
      if (!evaluated.ok) throw new Error(`a mapping failed the second time: ${evaluated.problem}`);
      return { kind: 'command', command: evaluated.command };
    },
  };
}

function evaluateRule(
  rule: CommandRule,
  input: EvaluationInput,
): { readonly ok: true; readonly command: MappedCommand } | { readonly ok: false; readonly problem: string } {
  const { evaluate } = evaluationOf(input);
  const mapped = evaluate(rule.input);
  if (!mapped.ok) return mapped;
  const subject = rule.subject === undefined ? { ok: true as const, value: null } : evaluate(rule.subject);
  if (!subject.ok) return subject;
  const isSubject =
    subject.value === null ||
    (typeof subject.value === 'string' &&
      subject.value.length <= ingestBounds.subjectCharacters &&
      /^[!-~]+$/.test(subject.value));
  if (!isSubject) return { ok: false, problem: 'the subject is not a text of visible ASCII characters' };
  const to = rule.setLevel === undefined ? { ok: true as const, value: null } : evaluate(rule.setLevel.to);
  if (!to.ok) return to;
  if (rule.setLevel !== undefined && typeof to.value !== 'number') {
    return { ok: false, problem: 'the level is not a whole number' };
  }
  return {
    ok: true,
    command: {
      commandType: rule.command,
      input: mapped.value,
      subject: typeof subject.value === 'string' ? subject.value : null,
      setLevel:
        rule.setLevel === undefined || typeof to.value !== 'number'
          ? null
          : { quantity: rule.setLevel.quantity, to: to.value },
    },
  };
}

function namesOf(names: ReadonlyMap<NameKind, ReadonlySet<string>>): MessageNames {
  const of = (kind: NameKind): string[] => [...(names.get(kind) ?? [])];
  return {
    skus: of('variant'),
    locationCodes: of('location'),
    salesChannelCodes: of('salesChannel'),
    subjects: of('reservation'),
  };
}

function idOf(ids: MessageIds, kind: NameKind, name: string): string | null {
  const maps = {
    variant: ids.variants,
    location: ids.locations,
    salesChannel: ids.salesChannels,
    reservation: ids.reservations,
  };
  return maps[kind].get(name) ?? null;
}
