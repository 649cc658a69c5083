import { beforeAll, describe, expect, test } from 'bun:test';
import { registry } from '@karmanflow/commands';
import { errorCatalogue } from '@karmanflow/schema';
import type { ConsoleApi } from './create-console-api.ts';
import { html } from './html.ts';
import { createIdleApi } from './testing/idle-api.ts';

let api: ConsoleApi;
const pages: Record<string, string> = {};
beforeAll(async () => {
  api = await createIdleApi();
  for (const path of ['/docs', '/docs/errors']) pages[path] = await (await read(path)).text();
});

async function read(path: string): Promise<Response> {
  return api.fetch(new Request(`http://localhost${path}`));
}

/** Names of elements that are opened and not closed, or the other way round. */
function unbalanced(page: string): string[] {
  const empty = new Set(['meta', 'link', 'br', 'hr', 'img', 'input', '!doctype']);
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, closing, name = ''] of page.matchAll(/<(\/?)([a-z!][a-z0-9]*)\b[^>]*>/gi)) {
    if (empty.has(name.toLowerCase())) continue;
    if (closing !== '/') open.push(name);
    else if (open.pop() !== name) wrong.push(name);
  }
  return [...wrong, ...open];
}

describe.each(['/docs', '/docs/errors'])('%s', (path) => {
  test('is a page that a policy without scripts and inline styles lets through', async () => {
    const response = await read(path);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    const page = pages[path] ?? '';
    expect(page).not.toMatch(/<script|<style|\sstyle=|\son[a-z]+=|<img|<iframe|javascript:|src=/i);
    expect([...page.matchAll(/<link [^>]*>/g)].map(([tag]) => tag)).toEqual([
      '<link rel="stylesheet" href="/docs/style.css" />',
    ]);
    expect((await read('/docs/style.css')).headers.get('content-type')).toBe('text/css; charset=utf-8');
  });

  test('is well-formed, and says how wide a screen is', () => {
    const page = pages[path] ?? '';
    expect(unbalanced(page)).toEqual([]);
    expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1" />');
    expect(unbalanced('<p><b>wrong</p>')).not.toEqual([]);
  });

  test('every link leads somewhere', () => {
    const page = pages[path] ?? '';
    const links = [...page.matchAll(/href="([^"]+)"/g)].map(([, link = '']) => link);
    expect(links.length).toBeGreaterThan(20);
    const broken = links.filter((link) => {
      const [target = '', anchor] = link.split('#');
      const on = target === '' ? path : target;
      if (!(on in api.document.paths)) return true;
      return anchor !== undefined && !pages[on]?.includes(`id="${anchor}"`);
    });
    expect(broken).toEqual([]);
  });

  test('every id stands once', () => {
    const ids = [...(pages[path] ?? '').matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(20);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the reference', () => {
  test('shows each command with its risk, its scope, its fields and an example', () => {
    const page = pages['/docs'] ?? '';
    for (const { type, internal, risk, scope } of registry.commands.values()) {
      const [, section = ''] = page.split(`<article id="${type}">`);
      expect(section === '').toBe(internal === true);
      if (internal === true) continue;
      const article = section.split('</article>')[0] ?? '';
      expect(article).toContain(`>${risk}</span>`);
      expect(article).toContain(`<code>${scope}</code>`);
      expect(article).toContain('<h4>Input</h4>');
      expect(article).toContain(`curl &#39;https://api.example.com/v1/${type.replace('.', '/')}&#39;`);
    }
    expect(page).toContain('<code>lines[].variantId</code>');
    expect(page).toContain('/v1/reservation/get?reservationId=rsv_');
  });

  test('the errors have a section for each code, at the address that problems name', async () => {
    const problem = (await (await read('/nothing')).json()) as { type: string };
    const [path = '', anchor = ''] = problem.type.split('#');
    expect(pages[path]).toContain(`id="${anchor}"`);
    const sections = [...(pages['/docs/errors'] ?? '').matchAll(/<article id="([^"]+)"/g)].map(([, code]) => code);
    expect(sections).toEqual(Object.keys(errorCatalogue));
  });

  test('text cannot become markup', () => {
    const hostile = `<img src=x onerror="alert('1')">&`;
    expect(html`<p title="${hostile}">${hostile}</p>`.html).toBe(
      '<p title="&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;">' +
        '&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;</p>',
    );
  });

  test('the style has a dark side and a narrow one, and loads nothing', async () => {
    const style = await (await read('/docs/style.css')).text();
    expect(style).toContain('@media (prefers-color-scheme: dark)');
    expect(style).toContain('@media (max-width: 30rem)');
    expect(style).not.toMatch(/url\(|@import|expression\(/);
    const used = new Set(
      [
        ...Object.values(pages)
          .join('')
          .matchAll(/class="([^"]+)"/g),
      ].flatMap(([, list = '']) => list.split(' ')),
    );
    expect([...used].filter((name) => !style.includes(`.${name}`))).toEqual([]);
  });
});
