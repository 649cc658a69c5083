import * as v from 'valibot';
import { isObject, type JsonObject } from './schema-fields.ts';
import type { Surface } from './surface.ts';

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: JsonObject;
}

/** An operation of the API, as its own description says. */
export interface Operation {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Wants a credential, by what is said of it or by where it is: everything under /v1/ does. */
  readonly guarded: boolean;
  readonly parameters: readonly Parameter[];
  /** Null without a body; its parts are null where the description lacks them. */
  readonly body: { readonly schema: JsonObject | null; readonly example: JsonObject | null } | null;
}

const objectShape = v.record(v.string(), v.unknown());
const referenceShape = v.object({ $ref: v.string() });
const parameterShape = v.object({
  name: v.string(),
  in: v.string(),
  required: v.optional(v.boolean(), false),
  schema: v.optional(objectShape, {}),
});
const contentShape = v.object({ schema: v.optional(objectShape), example: v.optional(v.unknown()) });
const operationShape = v.object({
  operationId: v.string(),
  security: v.optional(v.array(v.unknown()), []),
  parameters: v.optional(v.array(v.union([referenceShape, parameterShape])), []),
  requestBody: v.optional(v.object({ content: v.record(v.string(), contentShape) })),
});
const documentShape = v.object({
  paths: v.record(v.string(), v.record(v.string(), operationShape)),
  components: v.optional(objectShape, {}),
});

/** Every operation of /openapi.json that reads or writes under a credential. Throws when there is no such description. */
export async function readOperations({ url }: Surface): Promise<readonly Operation[]> {
  const response = await fetch(`${url}/openapi.json`);
  if (response.status !== 200) throw new Error(`/openapi.json answers ${response.status}`);
  const document = v.parse(documentShape, await response.json());
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]): Operation => {
      if (method !== 'get' && method !== 'post') throw new Error(`no case is known for ${method} ${path}`);
      const content = described.requestBody?.content['application/json'];
      return {
        id: described.operationId,
        method: method === 'get' ? 'GET' : 'POST',
        path,
        guarded: described.security.length > 0 || path.startsWith('/v1/'),
        parameters: described.parameters.map((one) => v.parse(parameterShape, resolved(document, one))),
        body:
          described.requestBody === undefined
            ? null
            : {
                schema: content?.schema === undefined ? null : resolved(document, content.schema),
                example: isObject(content?.example) ? content.example : null,
              },
      };
    }),
  );
  return operations.filter(({ guarded, body }) => guarded || body !== null);
}

function resolved(document: { readonly components: JsonObject }, node: JsonObject): JsonObject {
  const { $ref } = node;
  if (typeof $ref !== 'string') return node;
  const names = $ref.replace(/^#\/components\//, '').split('/');
  const found = names.reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), document.components);
  if (!isObject(found)) throw new Error(`${$ref} leads nowhere`);
  return found;
}
