import { limits } from '@karmanflow/schema';
import * as v from 'valibot';
import type { AnyCommand } from '../definition/command.ts';
import type { PersonalValue } from './queued-command.ts';

/** A command whose input has the shape that its definition demands; only `parseCommand` makes one. */
export interface ParsedCommand {
  readonly definition: AnyCommand;
  /** Without the fields that hold personal values. */
  readonly input: unknown;
  readonly personal: readonly PersonalValue[];
}

export interface InputIssue {
  /** Dotted path of the field, empty for the input as a whole. */
  readonly path: string;
  readonly message: string;
}

export type ParseResult =
  | { readonly ok: true; readonly command: ParsedCommand }
  | { readonly ok: false; readonly issues: readonly InputIssue[] };

const issuesMax = 20;

/** The first issues of a failed parse, without the values that caused them: those may be anything. */
export function inputIssuesOf(issues: readonly v.BaseIssue<unknown>[]): InputIssue[] {
  return issues.slice(0, issuesMax).map((issue) => ({
    path: (v.getDotPath(issue) ?? '').slice(0, limits.textLength),
    message: messageOf(issue),
  }));
}

/** Messages of our own shapes say what is expected; those of valibot repeat what was received, so they are not used. */
function messageOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'strict_object') return issue.expected === 'never' ? 'unknown field' : 'required';
  if (issue.kind === 'schema' || issue.message.startsWith('Invalid '))
    return `must be ${issue.expected ?? 'of another kind'}`;
  return issue.message;
}

/** Parses the input of a command, once, on its way in. */
export function parseCommand(definition: AnyCommand, input: unknown): ParseResult {
  // An array would pass for an object without required fields.
  if (Array.isArray(input)) return { ok: false, issues: [{ path: '', message: 'must be Object' }] };
  const result = v.safeParse(definition.input, input, { abortPipeEarly: true });
  // First: what a list was taken for may fail another check, which would then be blamed on something else.
  const lists = listsTakenForObjects(input, result.output);
  if (lists.length > 0) return { ok: false, issues: lists.slice(0, issuesMax) };
  if (!result.success) return { ok: false, issues: inputIssuesOf(result.issues) };
  const names = definition.personal ?? [];
  if (names.length === 0) return { ok: true, command: { definition, input: result.output, personal: [] } };
  const rest: Record<string, unknown> = { ...(result.output as object) };
  const personal: PersonalValue[] = [];
  for (const field of names) {
    const value = rest[field];
    if (typeof value === 'string') personal.push({ field, value });
    delete rest[field];
  }
  return { ok: true, command: { definition, input: rest, personal } };
}

/** valibot takes a list for an object or record, and makes an object of it: what was sent as a list must be one still. */
function listsTakenForObjects(sent: unknown, taken: unknown, path = ''): InputIssue[] {
  if (typeof sent !== 'object' || sent === null || typeof taken !== 'object' || taken === null) return [];
  if (Array.isArray(sent) !== Array.isArray(taken)) return [{ path, message: 'must be Object' }];
  return Object.entries(sent).flatMap(([name, member]) =>
    listsTakenForObjects(member, Reflect.get(taken, name), path === '' ? name : `${path}.${name}`),
  );
}
