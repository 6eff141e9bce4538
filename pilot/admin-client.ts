import { type AdminMethod, askAdmin } from '../gateway/http/index.ts';

/** Calls an administration API as an administrator's own tool would. */
export interface AdminClient {
  get<Answer>(path: string): Promise<Answer>;
  put(path: string, body: unknown): Promise<void>;
  post<Answer>(path: string, body?: unknown): Promise<Answer>;
  delete(path: string): Promise<void>;
}

export function adminClient(url: string, key: string): AdminClient {
  const call = async <Answer>(method: AdminMethod, path: string, body?: unknown): Promise<Answer> => {
    try {
      return await askAdmin<Answer>({ url, key }, method, path, body);
    } catch (cause) {
      // Which of the many steps of a set-up it was.
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`${method} ${path}: ${message}`, { cause });
    }
  };
  return {
    get: <Answer>(path: string) => call<Answer>('GET', path),
    put: (path, body) => call('PUT', path, body),
    post: <Answer>(path: string, body?: unknown) => call<Answer>('POST', path, body),
    delete: (path) => call('DELETE', path),
  };
}
