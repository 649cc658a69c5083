import type { ApiDocument } from '../api-document.ts';
import style from '../docs.css' with { type: 'text' };
import { renderDocs, renderErrors } from '../docs-page.ts';
import type { Endpoint } from '../endpoint.ts';
import { documentResponse } from '../openapi.ts';

const maxAgeSeconds = 300;
/** A page of ours is text and one style sheet from here: nothing may run, load, frame or submit. */
const pagePolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

interface Publication {
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly mediaType: 'application/json' | 'text/html' | 'text/css';
  readonly render: (document: ApiDocument) => string;
}

const publications: readonly Publication[] = [
  {
    path: '/openapi.json',
    operationId: 'documentation.openapi',
    summary: 'This API as OpenAPI 3.1.',
    mediaType: 'application/json',
    render: (document) => JSON.stringify(document),
  },
  {
    path: '/docs',
    operationId: 'documentation.reference',
    summary: 'This API as a page to read.',
    mediaType: 'text/html',
    render: renderDocs,
  },
  {
    path: '/docs/errors',
    operationId: 'documentation.errors',
    summary: 'Every error code, what it means and what to do.',
    mediaType: 'text/html',
    render: renderErrors,
  },
  {
    path: '/docs/style.css',
    operationId: 'documentation.style',
    summary: 'The style of the pages.',
    mediaType: 'text/css',
    render: () => style,
  },
];

/**
 * The description of the API, for programs and for people. It is made at the first request for it: the document can only be
 * complete when every endpoint is registered, also these.
 */
export function documentEndpoints(documentOf: () => ApiDocument): Endpoint[] {
  return publications.map((publication) => publish(publication, documentOf));
}

function publish(publication: Publication, documentOf: () => ApiDocument): Endpoint {
  const { path, operationId, summary, mediaType, render } = publication;
  const isJson = mediaType === 'application/json';
  const headers = {
    'content-type': isJson ? mediaType : `${mediaType}; charset=utf-8`,
    'cache-control': `public, max-age=${maxAgeSeconds}`,
    ...(mediaType === 'text/html' ? { 'content-security-policy': pagePolicy } : {}),
  };
  let text: string | undefined;
  return {
    method: 'get',
    path,
    operation: {
      operationId,
      summary,
      tags: ['documentation'],
      responses: { 200: documentResponse('The document.', { type: isJson ? 'object' : 'string' }, mediaType) },
    },
    handle: () => {
      text ??= render(documentOf());
      return new Response(text, { headers });
    },
  };
}
