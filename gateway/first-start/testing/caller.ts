import { request } from 'undici';

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: { readonly code?: string; readonly errors?: readonly { readonly pointer: string }[] };
  readonly location: string | undefined;
}

/** Asks a program over its socket as a browser without script would: keeps its one cookie, follows nothing. */
export class Caller {
  readonly #url: () => string;
  cookie = '';

  /** @param url of the administration, without a path */
  constructor(url: () => string) {
    this.#url = url;
  }

  /** @param body what a form posts, as URLSearchParams; JSON for all else */
  async ask(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: object | URLSearchParams,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const isForm = body instanceof URLSearchParams;
    const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
    const answer = await request(`${this.#url()}${path}`, {
      method,
      headers: {
        ...(this.cookie !== '' && { cookie: this.cookie }),
        ...(body !== undefined && { 'content-type': type }),
        ...(isForm && { origin: this.#url(), 'sec-fetch-site': 'same-origin' }),
        ...headers,
      },
      ...(body !== undefined && { body: isForm ? body.toString() : JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    const given = [answer.headers['set-cookie'] ?? []].flat()[0]?.split(';')[0];
    if (given !== undefined) this.cookie = given;
    const { location } = answer.headers;
    const isJson = /json/.test(String(answer.headers['content-type']));
    return {
      ...{ status: answer.statusCode, text, json: isJson ? JSON.parse(text) : {} },
      location: typeof location === 'string' ? location : undefined,
    };
  }
}

/** The token that a page's forms carry. */
export function tokenOf({ text }: Answer): string {
  return /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
}
