import * as v from 'valibot';
import type { VariableMetadata, VariableSchema } from './variable.ts';

/** The variables that a process reads, by name. */
export type ConfigurationShape = Readonly<Record<string, VariableSchema<unknown>>>;

export type Configuration<Shape extends ConfigurationShape> = {
  readonly [Name in keyof Shape]: v.InferOutput<Shape[Name]>;
};

export interface ConfigurationProblem {
  readonly variable: string;
  readonly expected: string;
  readonly found: 'nothing' | 'something else' | 'a variable that must not be set';
}

export type ConfigurationResult<Shape extends ConfigurationShape> =
  | {
      readonly ok: true;
      readonly configuration: Configuration<Shape>;
      /** KF_ variables that are set and that this process does not read: perhaps a slip of the pen. */
      readonly unread: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly ConfigurationProblem[]; readonly message: string };

/** Variables that carry a secret, or make a library print one. */
const forbiddenVariables: Readonly<Record<string, string>> = {
  GOOGLE_SDK_NODE_LOGGING: 'not set: it makes the Google libraries print secret values and access tokens',
  OTEL_EXPORTER_OTLP_HEADERS: 'not set: it holds credentials, and no secret may be in an environment variable',
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'not set: it holds credentials, and no secret may be in an environment variable',
};

/**
 * Reads the configuration of a process from its environment variables, once, at the start. Empty counts as not set. The
 * refusal lists every wrong variable with what is expected, and never what was found there: it may be a secret.
 */
export function readConfiguration<const Shape extends ConfigurationShape>(
  shape: Shape,
  environmentVariables: Readonly<Record<string, string | undefined>>,
): ConfigurationResult<Shape> {
  const problems: ConfigurationProblem[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(shape)) {
    const given = environmentVariables[name] || undefined;
    const parsed = v.safeParse(schema, given);
    if (parsed.success) values[name] = parsed.output;
    else {
      const { expected } = variableMetadata(schema);
      problems.push({ variable: name, expected, found: given === undefined ? 'nothing' : 'something else' });
    }
  }
  for (const [variable, expected] of Object.entries(forbiddenVariables)) {
    if (environmentVariables[variable]) problems.push({ variable, expected, found: 'a variable that must not be set' });
  }
  if (problems.length > 0) return { ok: false, problems, message: describe(problems) };
  const unread = Object.keys(environmentVariables).filter((name) => name.startsWith('KF_') && !(name in shape));
  // Each name of the shape was parsed by its own schema just above.
  return { ok: true, configuration: values as Configuration<Shape>, unread: unread.toSorted() };
}

/** What a variable says about itself. Throws when the schema was not made by `required`, `withDefault` or `optional`. */
export function variableMetadata(schema: VariableSchema<unknown>): VariableMetadata {
  const metadata: Record<string, unknown> = v.getMetadata(schema);
  const { purpose, expected, default: fallback, required } = metadata;
  if (typeof purpose !== 'string' || typeof expected !== 'string' || typeof required !== 'boolean') {
    throw new TypeError('the schema of a variable carries its purpose and what it expects');
  }
  return { purpose, expected, default: typeof fallback === 'string' ? fallback : null, required };
}

function describe(problems: readonly ConfigurationProblem[]): string {
  const lines = problems.map(({ variable, expected, found }) => `  ${variable}: expected ${expected}; found ${found}`);
  return ['the configuration is wrong:', ...lines].join('\n');
}
