import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Registry } from '@karmanflow/commands';
import packageManifest from '../package.json' with { type: 'json' };
import type { ApiDocument } from './api-document.ts';

const ownTags = [
  { name: 'audit', description: 'Receipts, events, and the keys to verify them with.' },
  { name: 'documentation', description: 'This reference, for programs and for people.' },
  { name: 'operation', description: 'For the platform that runs this process.' },
];

/** The OpenAPI 3.1 document of everything that is registered with the router. */
export function describeApi(
  app: OpenAPIHono,
  { registry, publicUrl }: { readonly registry: Registry; readonly publicUrl: string },
): ApiDocument {
  const featureTags = registry.features
    .filter(({ commands, queries }) => queries.length > 0 || commands.some(({ internal }) => internal !== true))
    .map(({ name, agentSurface }) => ({ name, description: agentSurface.summary }));
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'KarmanFlow API',
      version: packageManifest.version,
      description:
        'A governed write path for commerce operations: every write is a typed command with a signed receipt.',
    },
    servers: [{ url: publicUrl }],
    tags: [...featureTags, ...ownTags],
  });
  // Through JSON: what is published is data, and shares nothing with the registry that it was made from.
  return JSON.parse(JSON.stringify(document));
}
