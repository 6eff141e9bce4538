import type { OpenAPIHono } from '@hono/zod-openapi';
import { anyOf, createAdminApi, fileKeyAuthentication, type Role } from '../../http/index.ts';
import type { OidcSignIn } from '../oidc/oidc-sign-in.ts';
import type { People } from '../people.ts';
import { addPeopleRoutes } from '../routes.ts';
import { goodPassword } from './people.ts';

export const dataFolderKey = 'the-key-of-the-data-folder';

/** An administration API that consists of people alone. */
export function createPeopleApi(
  people: People,
  report: (error: unknown) => void,
  oidc?: OidcSignIn,
): OpenAPIHono {
  const app = createAdminApi({
    ...{ title: 'Test', version: '1', description: 'test', report },
    authenticate: anyOf(people.authenticate, fileKeyAuthentication(dataFolderKey)),
  });
  addPeopleRoutes(app, people, oidc);
  return app;
}

export interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly headers: Headers;
}

/** Keeps cookies as a browser does, and sends the CSRF token with changes. */
export class Browser {
  readonly #app: OpenAPIHono;
  cookie: string | undefined;
  csrfToken: string | undefined;

  constructor(app: OpenAPIHono) {
    this.#app = app;
  }

  async ask(
    method: string,
    path: string,
    body?: unknown,
    more: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await this.#app.request(path, {
      method,
      headers: {
        ...(this.cookie !== undefined && { cookie: this.cookie }),
        ...(this.csrfToken !== undefined && { 'x-csrf-token': this.csrfToken }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...more,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const [cookie] = (response.headers.get('set-cookie') ?? '').split(';');
    if (cookie) this.cookie = cookie.endsWith('=') ? undefined : cookie;
    const text = await response.text();
    const json = text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : {};
    return { status: response.status, code: json.code, json, text, headers: response.headers };
  }

  /** Signs in, and learns the CSRF token as a console does. */
  async signIn(name: string, password = goodPassword, code?: string): Promise<Answer> {
    const answer = await this.ask('POST', '/api/v1/session', { name, password, code });
    if (answer.status === 204) await this.refresh();
    return answer;
  }

  async refresh(): Promise<void> {
    const { json } = await this.ask('GET', '/api/v1/session');
    this.csrfToken = String(json['csrfToken']);
  }
}

/** Asks with the key of the data folder. */
export async function addUser(app: OpenAPIHono, name: string, ...roles: readonly Role[]): Promise<Response> {
  return app.request('/api/v1/users', {
    method: 'POST',
    headers: { authorization: `Bearer ${dataFolderKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name, password: goodPassword, roles }),
  });
}
