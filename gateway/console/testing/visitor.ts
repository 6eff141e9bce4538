import type { Api } from '../api-client.ts';
import { type Console, createConsole } from '../index.ts';

/** A console of the frame's pages alone. */
export function createTestConsole(api: Api, faults: unknown[] = []): Console {
  return createConsole({
    ...{ role: () => 'Test registry', instance: 'TEST', version: '1.2.3', api },
    navigation: ({ texts }) => [{ links: [{ href: '/', text: texts.home }] }],
    now: () => new Date('2026-11-23T12:00:00Z'),
    report: (error) => faults.push(error),
  });
}

export interface Shown {
  readonly status: number;
  readonly html: string;
  readonly location: string | null;
  readonly headers: Headers;
}

/** A browser without script: keeps cookies, follows nothing by itself, posts the token that the page holds. */
export class Visitor {
  readonly #console: Console;
  readonly cookies = new Map<string, string>();
  /** Of the last page. */
  token = '';
  /** Version that the last page's form changes. */
  #etag = '';

  constructor(console: Console) {
    this.#console = console;
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Shown> {
    return this.#ask(path, { headers: { ...this.#headers(), ...headers } });
  }

  async post(
    path: string,
    fields: Readonly<Record<string, string | readonly string[]>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Shown> {
    const body = new URLSearchParams();
    if (!('_csrf' in fields) && this.token !== '') body.set('_csrf', this.token);
    if (!('_etag' in fields) && this.#etag !== '') body.set('_etag', this.#etag);
    for (const [name, value] of Object.entries(fields)) {
      for (const one of [value].flat()) body.append(name, one);
    }
    const origin = { origin: 'http://localhost', 'sec-fetch-site': 'same-origin' };
    return this.#ask(path, { method: 'POST', body, headers: { ...this.#headers(), ...origin, ...headers } });
  }

  #headers(): Record<string, string> {
    return { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
  }

  async #ask(path: string, init: RequestInit): Promise<Shown> {
    const response = await this.#console.fetch(new Request(`http://localhost${path}`, init));
    for (const cookie of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (cookie.split(';')[0] ?? '').split('=');
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const html = await response.text();
    this.token = /name="_csrf" value="([^"]+)"/.exec(html)?.[1] ?? this.token;
    this.#etag = (/name="_etag" value="([^"]+)"/.exec(html)?.[1] ?? '').replaceAll('&quot;', '"');
    const { status, headers } = response;
    return { status, html, location: headers.get('location'), headers };
  }
}
