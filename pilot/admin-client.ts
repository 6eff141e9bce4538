import { request } from 'undici';

/** Calls an administration API as an administrator's own tool would. */
export interface AdminClient {
  get<Answer>(path: string): Promise<Answer>;
  put(path: string, body: unknown): Promise<void>;
  post<Answer>(path: string, body?: unknown): Promise<Answer>;
  delete(path: string): Promise<void>;
}

export function adminClient(baseUrl: string, apiKey: string): AdminClient {
  const call = async (
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<unknown> => {
    const response = await request(`${baseUrl}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.body.text();
    if (response.statusCode >= 300)
      throw new Error(`${method} ${path} was answered ${response.statusCode}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    get: <Answer>(path: string) => call('GET', path) as Promise<Answer>,
    put: async (path, body) => {
      await call('PUT', path, body);
    },
    post: <Answer>(path: string, body?: unknown) => call('POST', path, body) as Promise<Answer>,
    delete: async (path) => {
      await call('DELETE', path);
    },
  };
}
