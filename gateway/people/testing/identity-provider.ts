import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

/** An identity provider on this machine that lets in, without a question, whom the test says. */
export interface IdentityProvider {
  readonly issuer: string;
  /** Who is at the browser, and what is claimed of them. */
  person: { sub: string; [claim: string]: unknown };
  /** Goes where the program sends the browser. @returns where the provider sends it back to */
  visit(url: string): Promise<URL>;
  close(): Promise<void>;
}

export const clientSecret = 'secret-of-the-client';

/**
 * @param port a free one unless told
 * @param kind of the client: with a secret, or protected by PKCE alone
 */
export async function startIdentityProvider(
  redirectUri: string,
  port = 0,
  kind: 'confidential' | 'public' = 'confidential',
): Promise<IdentityProvider> {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const state: { person: IdentityProvider['person'] } = { person: { sub: '1' } };
  const provider = new Provider(issuer, {
    clients: [
      {
        ...{ client_id: 'waygate', redirect_uris: [redirectUri] },
        ...(kind === 'public'
          ? { token_endpoint_auth_method: 'none', application_type: 'native' }
          : { client_secret: clientSecret }),
      },
    ],
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
    cookies: { keys: ['a key of the test'] },
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ ...state.person, sub: accountId }) }),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: async ({ oidc }) => {
      const accountId = oidc.session?.accountId;
      const grant = new provider.Grant({
        clientId: 'waygate',
        ...(accountId !== undefined && { accountId }),
      });
      grant.addOIDCScope('openid profile');
      await grant.save();
      return grant;
    },
  });
  const answer = provider.callback();
  listener.on('request', (request, response) => {
    if (request.url?.startsWith('/interaction/') !== true) return answer(request, response);
    return provider.interactionFinished(request, response, {
      login: { accountId: state.person.sub },
      consent: {},
    });
  });
  return {
    issuer,
    get person() {
      return state.person;
    },
    set person(person) {
      state.person = person;
    },
    visit: (url) => followTo(url, redirectUri),
    close: async () => {
      listener.closeAllConnections();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

/** Follows redirects as a browser that nobody signed in with before. */
async function followTo(start: string, redirectUri: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = start;
  for (let hops = 0; hops < 10; hops += 1) {
    if (url.startsWith(redirectUri)) return new URL(url);
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (set.split(';')[0] ?? '').split('=');
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${response.status} ${await response.text()}`);
    url = new URL(location, url).href;
  }
  throw new Error('too many redirects');
}
