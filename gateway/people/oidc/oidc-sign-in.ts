import { readFile } from 'node:fs/promises';
import * as client from 'openid-client';
import { Problem, SettingsError } from '../../http/index.ts';
import type { ExternalPerson } from '../sign-in.ts';
import { type Claims, claimAt, readClaims } from './claims.ts';
import { type Flow, FlowCookie } from './flow-cookie.ts';
import { isOnThisMachine, type OidcSettings } from './settings.ts';

export interface OidcOptions {
  readonly settings: OidcSettings;
  /** At which browsers reach the program; the identity provider sends them back there. */
  readonly adminUrl: string | undefined;
  readonly now: () => Date;
  /** Told what the provider did wrong, which whoever signs in need not know. */
  readonly report: (error: unknown) => void;
}

export const callbackPath = '/sign-in/oidc/callback';
const timeoutSeconds = 10;

/**
 * Signing in with an identity provider: authorization code with PKCE, bound to this browser by state and nonce.
 * @see OpenID Connect Core 1.0 §3.1; RFC 9700 §2.1
 */
export class OidcSignIn {
  readonly cookie: FlowCookie;
  readonly #options: OidcOptions;
  readonly #secret: string | undefined;
  readonly #redirectUri: string;
  #configuration: Promise<client.Configuration> | undefined;

  private constructor(options: OidcOptions, adminUrl: string, secret: string | undefined) {
    this.#options = options;
    this.#secret = secret;
    this.#redirectUri = new URL(callbackPath, adminUrl).href;
    this.cookie = new FlowCookie(adminUrl.startsWith('https:'), options.now);
  }

  /**
   * Asks nothing of the provider yet: the program starts also when that does not answer.
   * @throws SettingsError without an address to come back to; Error of the file
   */
  static async open(options: OidcOptions): Promise<OidcSignIn> {
    const { settings, adminUrl } = options;
    // Never from a request: its Host header is whatever a stranger says.
    if (adminUrl === undefined) {
      throw new SettingsError('oidc needs adminUrl, to which the identity provider sends browsers back');
    }
    const { clientSecretFile } = settings;
    if (clientSecretFile === undefined) return new OidcSignIn(options, adminUrl, undefined);
    const secret = await readFile(clientSecretFile, 'utf8').catch((cause: Error) => {
      throw new Error(`the client secret file of OpenID Connect cannot be read: ${cause.message}`, { cause });
    });
    return new OidcSignIn(options, adminUrl, secret.trim());
  }

  /** @param returnPath checked. @throws Problem 503 identity-provider-failed */
  async begin(returnPath: string): Promise<{ readonly url: URL; readonly flow: Flow }> {
    const configuration = await this.#discovered();
    const flow = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
      returnPath,
    };
    const scopes = new Set(['openid', ...this.#options.settings.scopes]);
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: this.#redirectUri,
      scope: [...scopes].join(' '),
      state: flow.state,
      nonce: flow.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(flow.verifier),
      code_challenge_method: 'S256',
    });
    return { url, flow };
  }

  /**
   * Takes what the browser brought back.
   * @param query of the request; the rest of its address is what a proxy made of it
   * @throws Problem 401 oidc-refused, 403 name-missing, 503 identity-provider-failed
   */
  async finish(query: string, { state, nonce, verifier }: Flow): Promise<ExternalPerson> {
    const configuration = await this.#discovered();
    const current = new URL(this.#redirectUri);
    current.search = query;
    const claims = await this.#claims(configuration, current, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
    });
    const { name, roles } = readClaims(claims, this.#options.settings);
    if (name === undefined) {
      const detail = `The identity provider does not say ${this.#options.settings.nameClaim}; ask who set it up`;
      throw new Problem(403, 'name-missing', detail);
    }
    return { issuer: configuration.serverMetadata().issuer, subject: String(claims['sub']), name, roles };
  }

  async #claims(
    configuration: client.Configuration,
    current: URL,
    checks: client.AuthorizationCodeGrantChecks,
  ): Promise<Claims> {
    try {
      const tokens = await client.authorizationCodeGrant(configuration, current, checks);
      const claims = tokens.claims();
      if (claims === undefined) throw new Error('the identity provider gave no ID token');
      const { nameClaim, rolesClaim } = this.#options.settings;
      const isAllThere = [nameClaim, rolesClaim].every((path) => claimAt(claims, path) !== undefined);
      if (isAllThere || configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
      const more = await client.fetchUserInfo(configuration, tokens.access_token, claims.sub);
      return { ...more, ...claims };
    } catch (cause) {
      this.#options.report(cause);
      const detail = 'Signing in with the identity provider was broken off or refused; begin again';
      throw new Problem(401, 'oidc-refused', detail, { cause });
    }
  }

  /** Asked for once; again when it failed. */
  async #discovered(): Promise<client.Configuration> {
    this.#configuration ??= this.#discover();
    try {
      return await this.#configuration;
    } catch (cause) {
      this.#configuration = undefined;
      this.#options.report(cause);
      const detail =
        'The identity provider does not answer as it should; try later, or sign in with a password';
      throw new Problem(503, 'identity-provider-failed', detail, { cause });
    }
  }

  #discover(): Promise<client.Configuration> {
    const { issuer, clientId } = this.#options.settings;
    const authentication =
      this.#secret === undefined ? client.None() : client.ClientSecretBasic(this.#secret);
    const execute = [
      // Not only what comes over TLS from the provider: the signature of its ID tokens is checked as well.
      client.enableNonRepudiationChecks,
      ...(isOnThisMachine(issuer) ? [client.allowInsecureRequests] : []),
    ];
    const options = { execute, timeout: timeoutSeconds };
    return client.discovery(new URL(issuer), clientId, undefined, authentication, options);
  }
}
