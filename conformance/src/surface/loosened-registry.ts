import { type AnyCommand, createRegistry, type Registry } from '@karmanflow/commands';
import * as v from 'valibot';
import type { Saboteur } from '../harness/check.ts';
import type { Surface } from './surface.ts';

type Input = AnyCommand['input'];

/** The registry, with one command changed. Throws when there is no such command. */
export function withCommand(registry: Registry, type: string, change: (command: AnyCommand) => AnyCommand): Registry {
  if (!registry.commands.has(type)) throw new Error(`there is no command ${type}`);
  return createRegistry(
    registry.features.map((feature) => ({
      ...feature,
      commands: feature.commands.map((command) => (command.type === type ? change(command) : command)),
    })),
  );
}

/** The registry, with one command whose input is another. */
export function withInput(registry: Registry, type: string, change: (input: Input) => Input): Registry {
  return withCommand(registry, type, (command) => ({ ...command, input: change(command.input) }));
}

/** The API, served with another input of one command. */
export function changedInput(
  name: string,
  type: string,
  change: (input: Input) => Input,
  mentions: string = `${type}, `,
): Saboteur<Surface> {
  return {
    name,
    mentions,
    apply: async ({ recompose }) => recompose?.({ registry: (registry) => withInput(registry, type, change) }),
  };
}

/** A schema that describes itself as before and lets everything pass, like one that was handed to the wrong library. */
export function documentedOnly(input: Input): Input {
  return { ...input, '~run': v.any()['~run'] };
}

/** A schema that describes its fields as required and does not miss them. */
export function withOptionalFields(input: Input): Input {
  const { entries } = v.parse(v.object({ entries: v.record(v.string(), v.any()) }), input);
  const partial = v.partial(v.strictObject(entries));
  return { ...input, '~run': partial['~run'].bind(partial) };
}
