import { z } from '@hono/zod-openapi';
import {
  type AnyCommand,
  type AnyQuery,
  type InputIssue,
  inputIssuesOf,
  parseCommand,
  type ParsedCommand,
} from '@karmanflow/commands';
import { toJsonSchema } from '@valibot/to-json-schema';
import * as v from 'valibot';

/** A JSON Schema of draft 2020-12, the dialect of OpenAPI 3.1. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * What @hono/zod-openapi takes for an input: a Zod schema that documents itself with the JSON Schema of a valibot schema
 * and hands the work to valibot. Given the valibot schema itself it would type-check and then validate nothing.
 */
export type InputSchema<Output> = z.ZodType<Output>;

export type InputResult<Output> =
  | { readonly ok: true; readonly value: Output }
  | { readonly ok: false; readonly issues: readonly InputIssue[] };

type Parse<Output> = (raw: unknown) => InputResult<Output>;

const issueCharactersMax = 200;

/**
 * The input of a command. Its output is the parsed command, so that the body is parsed exactly once: a refinement would
 * throw away what valibot made of it.
 */
export function commandInput(definition: AnyCommand): InputSchema<ParsedCommand> {
  const schema = bridge<ParsedCommand>((raw) => {
    const result = parseCommand(definition, raw);
    return result.ok ? { ok: true, value: result.command } : result;
  });
  // What Zod-OpenAPI declares as a schema object is what OpenAPI calls one: any JSON Schema.
  return schema.openapi(componentName(definition.type, 'Input'), jsonSchemaOf(definition.input, 'input') as object);
}

/** The input of a query: the fields of a query string, as text. */
export function queryInput(definition: Pick<AnyQuery, 'input'>): InputSchema<unknown> {
  return bridge((raw) => {
    const result = v.safeParse(definition.input, raw, { abortPipeEarly: true });
    return result.success ? { ok: true, value: result.output } : { ok: false, issues: inputIssuesOf(result.issues) };
  });
}

/** Runs a bridged schema. Never throws; the issues are bounded, because a hostile field name would come back in them. */
export function readInput<Output>(schema: InputSchema<Output>, raw: unknown): InputResult<Output> {
  const result = schema.safeParse(raw);
  if (result.success) return { ok: true, value: result.data };
  const issues = result.error.issues.map(({ path, message }) => ({
    path: bounded(path.join('.')),
    message: bounded(message),
  }));
  return { ok: false, issues };
}

/**
 * The JSON Schema of a valibot schema. Throws on what it cannot express, so that a gap in the documentation is found when
 * the process starts, except where valibot alone can judge: guards, and conditions between fields.
 */
export function jsonSchemaOf(schema: v.GenericSchema, typeMode: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...jsonSchema } = toJsonSchema(schema, {
    target: 'draft-2020-12',
    typeMode,
    errorMode: 'throw',
    ignoreActions: ['guard', 'check'],
    // Patterns in JSON Schema are meant to be read with the u flag, which is the one flag that ours may have.
    overrideAction: ({ valibotAction, jsonSchema: before }) =>
      isUnicodePattern(valibotAction) ? { ...before, pattern: valibotAction.requirement.source } : undefined,
  });
  return jsonSchema;
}

/** `reservation.create` and `Input` give `ReservationCreateInput`. */
export function componentName(type: string, suffix: string): string {
  const words = type.split(/[._]/).map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`);
  return `${words.join('')}${suffix}`;
}

function bridge<Output>(parse: Parse<Output>): z.ZodType<Output> {
  return z.unknown().transform((raw, context): Output => {
    const result = parse(raw);
    if (result.ok) return result.value;
    for (const { path, message } of result.issues) {
      context.addIssue({ code: 'custom', message, path: path === '' ? [] : path.split('.') });
    }
    return z.NEVER;
  });
}

function isUnicodePattern(action: unknown): action is { readonly requirement: RegExp } {
  if (typeof action !== 'object' || action === null || !('requirement' in action)) return false;
  return action.requirement instanceof RegExp && action.requirement.flags === 'u';
}

function bounded(text: string): string {
  return text.length <= issueCharactersMax ? text : `${text.slice(0, issueCharactersMax)}…`.toWellFormed();
}
