import { type ConfigurationShape, variableMetadata } from './read-configuration.ts';
import type { VariableMetadata } from './variable.ts';

/** One row of the reference of configuration, which is generated. */
export interface VariableDescription extends VariableMetadata {
  readonly name: string;
}

/** Every variable of a shape with its documentation, by name. */
export function describeConfiguration(shape: ConfigurationShape): readonly VariableDescription[] {
  return Object.entries(shape)
    .map(([name, schema]) => ({ name, ...variableMetadata(schema) }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
}
