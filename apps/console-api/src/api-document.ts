import type { JsonSchema } from './valibot-bridge.ts';

/** The OpenAPI document of this API, as far as its own readers look at it. */
export interface ApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
  readonly components: Readonly<
    Record<'schemas' | 'parameters' | 'headers' | 'securitySchemes', Readonly<Record<string, JsonSchema>>>
  >;
}

export interface ApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly 'x-karmanflow-risk'?: string;
  readonly 'x-karmanflow-scope'?: string;
  readonly 'x-karmanflow-refusals'?: readonly string[];
  readonly parameters?: readonly (ApiParameter | Reference)[];
  readonly requestBody?: { readonly content: Readonly<Record<string, ApiContent>> };
  readonly responses: Readonly<Record<string, ApiResponse>>;
}

export interface Reference {
  readonly $ref: string;
}

export interface ApiParameter {
  readonly name: string;
  readonly in: 'query' | 'header' | 'path';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

export interface ApiContent {
  readonly schema: JsonSchema;
  readonly example?: unknown;
}

export interface ApiResponse {
  readonly description: string;
  readonly content?: Readonly<Record<string, ApiContent>>;
}

/** What a schema is, after the reference to a component that it may be. Throws on a reference that leads nowhere. */
export function resolve(document: ApiDocument, node: JsonSchema | Reference): JsonSchema {
  const reference = '$ref' in node ? node.$ref : undefined;
  if (typeof reference !== 'string') return node as JsonSchema;
  const [, section, name] = /^#\/components\/(schemas|parameters|headers)\/(\w+)$/.exec(reference) ?? [];
  const found = document.components[section as 'schemas' | 'parameters' | 'headers']?.[name ?? ''];
  if (found === undefined) throw new Error(`${reference} leads nowhere`);
  return found;
}
