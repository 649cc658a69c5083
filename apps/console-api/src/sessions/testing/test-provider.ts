import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';

/** What a provider could say that it should not. */
export interface Lie {
  /** Replaces claims of the identity token; undefined leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Signs with a key that nobody published. */
  readonly signsWithAnotherKey?: true;
  /** Replaces parameters of the way back. */
  readonly callback?: Readonly<Record<string, string>>;
  /** The status of every answer of the token endpoint. */
  readonly tokenStatus?: number;
}

/** A provider of OpenID Connect that confirms whomever the test names, truthfully unless it is told to lie. */
export interface TestProvider {
  readonly issuer: string;
  /** Of the last request for an authorization. */
  lastAuthorization(): URLSearchParams;
  /** Who the next browsers are. */
  become(subject: string): void;
  /** From the next authorization on. */
  lie(lie: Lie): void;
  /** Answers nobody until it comes back, at the same address. */
  goDown(): Promise<void>;
  comeBack(): void;
  stop(): Promise<void>;
}

const keyId = 'one';

/** Starts it on a free port. Its authorization endpoint asks nobody: it sends the browser back at once. */
export function startTestProvider(first: string): TestProvider {
  const honest = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const another = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const asked = new Map<string, { readonly subject: string; readonly parameters: URLSearchParams }>();
  let subject = first;
  let lie: Lie = {};
  let last = new URLSearchParams();

  const serve = (port: number) =>
    Bun.serve({
      hostname: '127.0.0.1',
      port,
      fetch: async (request) => {
        const url = new URL(request.url);
        if (url.pathname === '/.well-known/openid-configuration') return Response.json(metadata(url.origin));
        if (url.pathname === '/jwks') return Response.json({ keys: [publicJwk(honest.publicKey)] });
        if (url.pathname === '/auth') return authorize(url);
        if (url.pathname === '/token') return answerToken(url.origin, new URLSearchParams(await request.text()));
        return new Response(null, { status: 404 });
      },
    });
  let server = serve(0);
  const port = server.port ?? 0;
  const issuer = server.url.origin;

  function authorize(url: URL): Response {
    last = url.searchParams;
    const code = crypto.randomUUID();
    asked.set(code, { subject, parameters: url.searchParams });
    const back = new URL(url.searchParams.get('redirect_uri') ?? '');
    const parameters = { code, state: url.searchParams.get('state') ?? '', iss: issuer, ...lie.callback };
    for (const [name, value] of Object.entries(parameters)) back.searchParams.set(name, value);
    return Response.redirect(back.href, 302);
  }

  async function answerToken(origin: string, form: URLSearchParams): Promise<Response> {
    if (lie.tokenStatus !== undefined) return new Response('', { status: lie.tokenStatus });
    const authorization = asked.get(form.get('code') ?? '');
    asked.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (authorization?.parameters.get('code_challenge') !== challenge) {
      return Response.json({ error: 'invalid_grant' }, { status: 400 });
    }
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: origin,
      sub: authorization.subject,
      aud: authorization.parameters.get('client_id'),
      iat: now,
      exp: now + 300,
      auth_time: now,
      nonce: authorization.parameters.get('nonce'),
      ...lie.claims,
    };
    const idToken = await new SignJWT(JSON.parse(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'ES256', kid: keyId })
      .sign(lie.signsWithAnotherKey === true ? another.privateKey : honest.privateKey);
    return Response.json({ access_token: 'none', token_type: 'Bearer', expires_in: 60, id_token: idToken });
  }

  return {
    issuer,
    lastAuthorization: () => last,
    become: (next) => {
      subject = next;
    },
    lie: (next) => {
      lie = next;
    },
    goDown: () => server.stop(true),
    comeBack: () => {
      server = serve(port);
    },
    stop: () => server.stop(true),
  };
}

function publicJwk(key: KeyObject): object {
  return { ...key.export({ format: 'jwk' }), kid: keyId, use: 'sig', alg: 'ES256' };
}

function metadata(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  };
}
