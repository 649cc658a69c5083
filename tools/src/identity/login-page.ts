import type { IdentityAccount } from './accounts.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

const style = `
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
  body { max-width: 24rem; margin: 10vh auto; padding: 0 1rem; }
  label { display: block; margin-top: 1rem; }
  select, input, button { font: inherit; width: 100%; box-sizing: border-box; padding: 0.5rem; min-height: 2.75rem; }
  button { margin-top: 1.5rem; }
  [role="alert"] { border-inline-start: 0.25rem solid; padding-inline-start: 0.75rem; }`;

/** What pages may do: show their own style, and send a form to us, from where it leads back to `returnOrigin`. */
export function pagePolicy(options: { readonly nonce: string; readonly returnOrigin: string }): string {
  const { nonce, returnOrigin } = options;
  return `default-src 'none'; style-src 'nonce-${nonce}'; form-action 'self' ${returnOrigin}; base-uri 'none'; frame-ancestors 'none'`;
}

/** The page on which somebody says who they are. It loads nothing. */
export function loginPage(page: {
  readonly accounts: readonly Pick<IdentityAccount, 'subject' | 'displayName'>[];
  readonly action: string;
  readonly nonce: string;
  /** What the last attempt was about, or null before the first. */
  readonly refused: { readonly subject: string } | null;
}): string {
  const options = page.accounts.map(({ subject, displayName }) => {
    const selected = page.refused?.subject === subject ? ' selected' : '';
    return `<option value="${escaped(subject)}"${selected}>${escaped(displayName)} (${escaped(subject)})</option>`;
  });
  const alert = page.refused === null ? '' : '<p role="alert">That is not the password of this account.</p>';
  return document({
    title: 'Log in',
    nonce: page.nonce,
    body: `${alert}
    <form method="post" action="${escaped(page.action)}">
      <label for="account">Account</label>
      <select id="account" name="account">${options.join('')}</select>
      <label for="password">Password</label>
      <input id="password" name="password" type="password" autocomplete="current-password" required autofocus />
      <button type="submit">Log in</button>
    </form>
    <p>This is the identity provider of a local environment. The passwords are in its file accounts.json.</p>`,
  });
}

/** A page that says what went wrong, in the words of the protocol. */
export function errorPage(page: { readonly code: string; readonly nonce: string }): string {
  const body = `<p role="alert"><code>${escaped(page.code)}</code></p><p>Begin again where you came from.</p>`;
  return document({ title: 'That did not work', nonce: page.nonce, body });
}

function document(page: { readonly title: string; readonly nonce: string; readonly body: string }): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${escaped(page.title)} · KarmanFlow, local</title>
    <style nonce="${escaped(page.nonce)}">${style}
    </style>
  </head>
  <body>
    <main>
    <h1>${escaped(page.title)}</h1>
    ${page.body}
    </main>
  </body>
</html>
`;
}
