import { type ErrorCode, errorCatalogue } from '@karmanflow/schema';
import { type ApiDocument, type ApiOperation, type ApiParameter, resolve } from './api-document.ts';
import { exampleOf } from './example-of.ts';
import { type Html, html, nothing } from './html.ts';
import { type SchemaRow, ruleOf, schemaRows, typeOf } from './schema-rows.ts';

interface Entry {
  readonly method: string;
  readonly path: string;
  readonly operation: ApiOperation;
}

interface Group {
  readonly name: string;
  readonly description: string;
  readonly entries: readonly Entry[];
}

/** The reference as one page, made from the OpenAPI document alone. It needs no script, and its style is a file of its own. */
export function renderDocs(document: ApiDocument): string {
  const groups = groupsOf(document);
  const navigation = groups.map(
    ({ name, entries }) =>
      html` <h2>${name}</h2>
        <ul>
          ${entries.map(({ operation }) => html`<li><a href="#${operation.operationId}">${operation.operationId}</a></li>`)}
        </ul>`,
  );
  const main = html` <header>
      <h1>${document.info.title}</h1>
      <p class="lead">${document.info.description}</p>
      <p>
        <a href="/openapi.json">openapi.json</a> · <a href="/docs/errors">all errors</a> ·
        <a href="/.well-known/karmanflow/receipt-keys.json">receipt keys</a>
      </p>
    </header>
    ${renderBasics(document)} ${groups.map((group) => renderGroup(document, group))}`;
  return renderPage({ title: document.info.title, navigation, main });
}

/** The error catalogue as one page; the `type` of every problem leads to one of its sections. */
export function renderErrors(document: ApiDocument): string {
  const codes = Object.keys(errorCatalogue) as ErrorCode[];
  const navigation = [
    html`<h2><a href="/docs">Reference</a></h2>
      <ul>
        ${codes.map((code) => html`<li><a href="#${code}">${code}</a></li>`)}
      </ul>`,
  ];
  const main = html` <header>
      <h1>Errors</h1>
      <p class="lead">
        Every problem document names one of these codes, and its <code>type</code> leads here. A code never changes its
        meaning.
      </p>
    </header>
    ${codes.map((code) => renderError(code))}`;
  return renderPage({ title: `Errors · ${document.info.title}`, navigation, main });
}

function renderPage(page: {
  readonly title: string;
  readonly navigation: readonly Html[];
  readonly main: Html;
}): string {
  const { title, navigation, main } = page;
  const links = html`<nav aria-label="Contents">${navigation}</nav>`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="stylesheet" href="/docs/style.css" />
      </head>
      <body>
        <details class="contents narrow">
          <summary>Contents</summary>
          ${links}
        </details>
        <aside class="contents wide">${links}</aside>
        <main>${main}</main>
      </body>
    </html> `.html;
}

function groupsOf(document: ApiDocument): Group[] {
  const entries = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]): Entry => ({ method: method.toUpperCase(), path, operation })),
  );
  return document.tags
    .map(({ name, description }) => ({
      name,
      description,
      entries: entries.filter(({ operation }) => operation.tags.includes(name)),
    }))
    .filter((group) => group.entries.length > 0);
}

function renderBasics(document: ApiDocument): Html {
  const parameters = Object.values(document.components.parameters).map(parameterOf);
  return html` <section id="basics">
    <h2>Every request</h2>
    <p>
      A command is a POST that names one intended effect. Its answer carries <code>data</code> and the signed
      <code>receipt</code>; sent again with the same key and the same body it answers the same bytes, and says
      <code>"replayed": true</code>. A query is a GET and answers <code>data</code>.
    </p>
    <p>
      Anything else is a problem document (RFC 9457) with a <a href="/docs/errors">code</a> that says what to do and
      whether the same request may be sent again.
    </p>
    ${renderTable(
      ['Header', 'Type', 'Meaning'],
      [
        [
          html`<code>Authorization</code>`,
          html`text`,
          html`<code>Bearer kf_…</code>: decides tenant, environment and actor.`,
        ],
        ...parameters.map((parameter) => [
          html`<code>${parameter.name}</code>`,
          html`${typeOf(parameter.schema)}`,
          html`${parameter.description ?? ''} ${inSmall(ruleOf(parameter.schema))}`,
        ]),
      ],
    )}
    ${renderRisks()}
  </section>`;
}

function renderRisks(): Html {
  const classes = [
    ['R0', 'reads; whoever has the scope'],
    ['R1', 'ordinary writes; whoever has the scope'],
    ['R2', 'waits until a named human approves'],
    ['R3', 'for humans only, and a second human approves'],
  ] as const;
  return html`<ul class="risks">
    ${classes.map(([risk, meaning]) => html`<li>${badge(risk)} ${meaning}</li>`)}
  </ul>`;
}

function renderGroup(document: ApiDocument, { name, description, entries }: Group): Html {
  return html` <section class="group">
    <h2 id="tag-${name}">${name}</h2>
    <p>${description}</p>
    ${entries.map((entry) => renderOperation(document, entry))}
  </section>`;
}

function renderOperation(document: ApiDocument, entry: Entry): Html {
  const { method, path, operation } = entry;
  const { operationId, summary } = operation;
  const risk = operation['x-karmanflow-risk'];
  const scope = operation['x-karmanflow-scope'];
  return html` <article id="${operationId}">
    <h3><a href="#${operationId}">${operationId}</a> ${risk === undefined ? nothing : badge(risk)}</h3>
    <p class="path"><span class="method">${method}</span> <code>${path}</code></p>
    <p>${summary}</p>
    ${scope === undefined ? nothing : html`<p class="scope">Scope <code>${scope}</code></p>`}
    ${renderInput(document, operation)} ${renderAnswer(document, operation)} ${renderRefusals(operation)}
    ${renderExample(document, entry)}
  </article>`;
}

function renderInput(document: ApiDocument, operation: ApiOperation): Html {
  const body = operation.requestBody?.content['application/json']?.schema;
  const rows: SchemaRow[] = [
    ...ownParameters(operation).map(({ name, required, schema }) => ({
      name,
      required,
      type: typeOf(schema),
      rule: ruleOf(schema),
    })),
    ...(body === undefined ? [] : schemaRows(document, body)),
  ];
  return rows.length === 0
    ? nothing
    : html`<h4>Input</h4>
        ${renderRows(rows)}`;
}

function renderAnswer(document: ApiDocument, operation: ApiOperation): Html {
  const [status, response] = Object.entries(operation.responses).find(([code]) => code.startsWith('2')) ?? [];
  const schema = response?.content?.['application/json']?.schema;
  if (status === undefined || response === undefined) return nothing;
  const properties = (schema === undefined ? {} : resolve(document, schema))['properties'] as
    | Readonly<Record<string, { $ref: string }>>
    | undefined;
  const data = properties?.['data'];
  const rows = data === undefined ? nothing : renderRows(schemaRows(document, data));
  return html`<h4>Answer</h4>
    <p><code>${status}</code> ${response.description}</p>
    ${rows}`;
}

function renderRows(rows: readonly SchemaRow[]): Html {
  return renderTable(
    ['Field', 'Type', 'Rule'],
    rows.map(({ name, type, required, rule }) => [
      html`<code>${name}</code>${required ? nothing : html` <small>optional</small>`}`,
      html`${type}`,
      html`${rule}`,
    ]),
  );
}

function renderRefusals(operation: ApiOperation): Html {
  const refusals = operation['x-karmanflow-refusals'] ?? [];
  if (refusals.length === 0) return nothing;
  const links = refusals.map(
    (code) =>
      html`<li>
        <a href="/docs/errors#${code}"><code>${code}</code></a>
      </li>`,
  );
  return html`<h4>Refusals</h4>
    <ul class="codes">
      ${links}
    </ul>`;
}

function renderExample(document: ApiDocument, { method, path, operation }: Entry): Html {
  if (operation['x-karmanflow-scope'] === undefined) return nothing;
  const server = document.servers[0]?.url ?? '';
  const body = operation.requestBody?.content['application/json']?.example;
  const lines = [`curl '${server}${examplePath(path, operation)}'`, "  -H 'Authorization: Bearer kf_…'"];
  if (method === 'POST') {
    lines.push("  -H 'Idempotency-Key: order-4711'", "  -H 'Content-Type: application/json'");
    lines.push(`  -d '${JSON.stringify(body, null, 2)}'`);
  }
  return html`<h4>Example</h4>
    <pre tabindex="0"><code>${lines.join(' \\\n')}</code></pre>`;
}

/** The path with an example for each parameter that must be there. */
function examplePath(path: string, operation: ApiOperation): string {
  const needed = ownParameters(operation).filter(({ required }) => required);
  const example = ({ schema, name }: ApiParameter): string => encodeURIComponent(String(exampleOf(schema, name)));
  const ofQuery = needed.filter((one) => one.in === 'query').map((one) => `${one.name}=${example(one)}`);
  let filled = path;
  for (const one of needed) filled = filled.replace(`{${one.name}}`, example(one));
  return ofQuery.length === 0 ? filled : `${filled}?${ofQuery.join('&')}`;
}

/** The parameters of this operation, without those that all share. */
function ownParameters(operation: ApiOperation): ApiParameter[] {
  return (operation.parameters ?? []).filter((one): one is ApiParameter => !('$ref' in one));
}

function renderError(code: ErrorCode): Html {
  const { status, title, whatToDo, retryable } = errorCatalogue[code];
  return html` <article id="${code}">
    <h3>
      <a href="#${code}"><code>${code}</code></a> <span class="status">${status}</span>
    </h3>
    <p><strong>${title}.</strong> ${whatToDo}</p>
    <p class="scope">
      ${retryable ? 'The same request may be sent again.' : 'The same request will be answered the same.'}
    </p>
  </article>`;
}

function renderTable(heads: readonly string[], rows: readonly (readonly Html[])[]): Html {
  const head = heads.map((text) => html`<th scope="col">${text}</th>`);
  const body = rows.map(
    (cells) =>
      html`<tr>
        ${cells.map((cell) => html`<td>${cell}</td>`)}
      </tr>`,
  );
  return html`<div class="table">
    <table>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
}

function badge(risk: string): Html {
  return html`<span class="risk ${risk.toLowerCase()}">${risk}</span>`;
}

function inSmall(text: string): Html {
  return text === '' ? nothing : html`<small>${text}</small>`;
}

function parameterOf(component: unknown): ApiParameter {
  // The document's own component section of that name.
  return component as ApiParameter;
}
