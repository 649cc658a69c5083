/** A value that JSON can carry without loss. Declare shapes as type aliases: an interface has no implicit index. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: JsonValue;
}
