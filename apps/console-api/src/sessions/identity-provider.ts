import * as oidc from 'openid-client';
import { sessionLimits } from './session-limits.ts';

/** What one login consists of on our side: kept by the browser, sealed, until it comes back. */
export interface LoginSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** How long ago the person may have proven who they are; 0: now. */
  readonly maxAgeSeconds: number;
}

export type ProviderProblem =
  /** The provider could not be asked: a later attempt may succeed. */
  | { readonly ok: false; readonly reason: 'unavailable'; readonly code: string }
  /** What came back does not prove who somebody is. */
  | { readonly ok: false; readonly reason: 'refused'; readonly code: string };

export type Authorization = { readonly ok: true; readonly url: string } | ProviderProblem;

export type Confirmation =
  | {
      readonly ok: true;
      readonly issuer: string;
      readonly subject: string;
      /** When the person proved who they are, in milliseconds since the epoch. */
      readonly authenticatedAt: number;
    }
  | ProviderProblem;

/** An OpenID Connect provider, as far as we need one: the authorization code flow with PKCE (RFC 7636). */
export interface IdentityProvider {
  /** Where to send a browser that wants to log in. */
  begin(secrets: LoginSecrets): Promise<Authorization>;
  /** Who the browser that came back to `callbackUrl` is. `startedAt` is when it was sent away, in milliseconds. */
  confirm(answer: {
    readonly callbackUrl: URL;
    readonly secrets: LoginSecrets;
    readonly startedAt: number;
  }): Promise<Confirmation>;
}

export interface IdentityProviderOptions {
  /** Exactly as the provider names itself. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  /** A provider without TLS is for one machine. */
  readonly allowsHttp: boolean;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number;
}

/** Finds out about the provider when it is first needed, so that this process can start while the provider is down. */
export function createIdentityProvider(options: IdentityProviderOptions): IdentityProvider {
  const { now, redirectUri } = options;
  let known: { readonly until: number; readonly configuration: Promise<oidc.Configuration> } | null = null;

  function discover(): Promise<oidc.Configuration> {
    if (known !== null && now() < known.until) return known.configuration;
    // Signatures are checked as well as the connection that brought them: a proxy in between must not name a person.
    const execute = [oidc.enableNonRepudiationChecks, ...(options.allowsHttp ? [oidc.allowInsecureRequests] : [])];
    const configuration = oidc.discovery(
      new URL(options.issuer),
      options.clientId,
      { [oidc.clockTolerance]: sessionLimits.clockToleranceSeconds },
      oidc.ClientSecretBasic(options.clientSecret),
      { execute, timeout: sessionLimits.providerDeadlineSeconds },
    );
    const entry = { until: now() + sessionLimits.discoverySeconds * 1000, configuration };
    known = entry;
    // Nothing is known of a provider that did not answer: the next one asks again.
    configuration.catch(() => {
      if (known === entry) known = null;
    });
    return configuration;
  }

  return {
    async begin({ state, nonce, codeVerifier, maxAgeSeconds }) {
      try {
        const url = oidc.buildAuthorizationUrl(await discover(), {
          redirect_uri: redirectUri,
          scope: 'openid',
          state,
          nonce,
          code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
          code_challenge_method: 'S256',
          // It also makes the provider say when the person logged in (OpenID Connect Core section 3.1.2.1).
          max_age: String(maxAgeSeconds),
          ...(maxAgeSeconds === 0 ? { prompt: 'login' } : {}),
        });
        return { ok: true, url: url.href };
      } catch (error) {
        return problemOf(error);
      }
    },
    async confirm({ callbackUrl, secrets, startedAt }) {
      const elapsedSeconds = Math.max(0, Math.ceil((now() - startedAt) / 1000));
      try {
        const tokens = await oidc.authorizationCodeGrant(await discover(), callbackUrl, {
          expectedState: secrets.state,
          expectedNonce: secrets.nonce,
          pkceCodeVerifier: secrets.codeVerifier,
          idTokenExpected: true,
          // Counted from when the browser was sent away: what a person types takes its time.
          maxAge: secrets.maxAgeSeconds + elapsedSeconds,
        });
        return confirmed(tokens.claims(), now());
      } catch (error) {
        return problemOf(error);
      }
    },
  };
}

function confirmed(claims: oidc.IDToken | undefined, now: number): Confirmation {
  const { iss, sub, auth_time: authTime } = claims ?? {};
  if (iss === undefined || sub === undefined || sub === '' || sub.length > sessionLimits.subjectCharacters) {
    return refused('subject_invalid');
  }
  if (authTime === undefined || !Number.isSafeInteger(authTime)) return refused('auth_time_missing');
  if (authTime * 1000 > now + sessionLimits.clockToleranceSeconds * 1000) return refused('auth_time_in_the_future');
  return { ok: true, issuer: iss, subject: sub, authenticatedAt: Math.min(authTime * 1000, now) };
}

function refused(code: string): ProviderProblem {
  return { ok: false, reason: 'refused', code };
}

const serverErrors = new Set(['server_error', 'temporarily_unavailable']);

/** Codes only: the messages of the library quote tokens and addresses. Throws what is no failure of a login. */
function problemOf(error: unknown): ProviderProblem {
  if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError) {
    const code = /^[a-z_]{1,64}$/.test(error.error) ? error.error : 'unknown_error';
    return { ok: false, reason: serverErrors.has(code) ? 'unavailable' : 'refused', code };
  }
  if (error instanceof oidc.ClientError) {
    const { cause } = error;
    const code = (error.code ?? 'OAUTH_ERROR').toLowerCase();
    const isAway = code === 'oauth_timeout' || (cause instanceof Response && cause.status >= 500);
    return { ok: false, reason: isAway ? 'unavailable' : 'refused', code };
  }
  // A connection that is refused or breaks is what `fetch` reports in many ways, and never with a code of the library.
  if (error instanceof Error && !hasLibraryCode(error)) return { ok: false, reason: 'unavailable', code: 'no_answer' };
  throw error;
}

function hasLibraryCode(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && error.code.startsWith('ERR_INVALID_ARG');
}
