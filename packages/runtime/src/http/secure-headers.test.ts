import { describe, expect, test } from 'bun:test';
import { Hono } from 'hono';
import { problem } from './problem.ts';
import { secureHeaders, type SecureHeadersOptions } from './secure-headers.ts';

function appWith(options: SecureHeadersOptions): Hono {
  const app = new Hono();
  app.use(secureHeaders(options));
  app.get('/json', (context) => context.json({ ok: true }));
  app.get('/page', (context) =>
    context.html('<p>hi</p>', 200, {
      'content-security-policy': "default-src 'self'",
      'cache-control': 'public, max-age=60',
    }),
  );
  app.get('/throws', () => {
    throw new Error('broken');
  });
  app.get('/redirect', () => Response.redirect('https://example.org/', 302));
  app.get('/relayed', async () => fetch('data:text/plain,hello'));
  app.onError(() => problem('internal_error'));
  app.notFound(() => problem('not_found'));
  return app;
}

describe('secureHeaders', () => {
  const local = appWith({ profile: 'local' });

  test.each([
    ['/json', 200],
    ['/throws', 500],
    ['/nowhere', 404],
    ['/redirect', 302],
    ['/relayed', 200],
  ] as const)('are on the answer of %s', async (path, status) => {
    const response = await local.request(path);
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
  });

  test('a handler keeps what it sets itself', async () => {
    const { headers } = await local.request('/page');
    expect(headers.get('content-security-policy')).toBe("default-src 'self'");
    expect(headers.get('cache-control')).toBe('public, max-age=60');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('an app can have its own policy', async () => {
    const app = appWith({ profile: 'local', contentSecurityPolicy: "default-src 'self'; frame-ancestors 'none'" });
    expect((await app.request('/json')).headers.get('content-security-policy')).toBe(
      "default-src 'self'; frame-ancestors 'none'",
    );
  });

  test('https is insisted upon in production only', async () => {
    expect((await local.request('/json')).headers.has('strict-transport-security')).toBe(false);
    const production = await appWith({ profile: 'production' }).request('/json');
    expect(production.headers.get('strict-transport-security')).toBe('max-age=63072000; includeSubDomains');
  });
});
