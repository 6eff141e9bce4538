import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dispatcher, request } from 'undici';

/** An administration API, and the key that opens it. */
export interface AdminAccess {
  /** `http://127.0.0.1:4000` */
  readonly url: string;
  readonly key: string;
}

export type AdminMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** What an administration API did not do, in its own words. */
class AdminRefusal extends Error {
  override readonly name = 'AdminRefusal';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(`${code}: ${detail}`);
    this.status = status;
    this.code = code;
  }
}

const maxRefusalLength = 500;

/** The API of a program on this machine, with the key in its data folder. @throws Error when that cannot be read */
export async function accessOf({
  admin,
  data,
}: {
  readonly admin: string;
  readonly data: string;
}): Promise<AdminAccess> {
  const key = (await readFile(join(data, 'api-key'), 'utf8')).trim();
  return { url: new URL(admin).origin, key };
}

/**
 * @param path below `/api/v1`
 * @returns the JSON of the answer; undefined when there is none
 * @throws AdminRefusal; Error when nobody answers
 */
export async function askAdmin<Answer>(
  access: AdminAccess,
  method: AdminMethod,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const response = await sendToAdmin(access, method, path, body);
  const text = await response.body.text();
  return (text === '' ? undefined : JSON.parse(text)) as Answer;
}

/** All pages of a list. @throws as `askAdmin` */
export async function listFromAdmin<Item>(access: AdminAccess, path: string): Promise<Item[]> {
  const listed: Item[] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const { body, headers }: Dispatcher.ResponseData = await sendToAdmin(access, 'GET', next);
    listed.push(...((await body.json()) as Item[]));
    next = /^<\/api\/v1([^>]+)>; rel="next"$/.exec(String(headers['link'] ?? ''))?.[1];
  }
  return listed;
}

/**
 * @param headersTimeoutMs for what takes long before its first octet; 5 minutes unless told, 0: for ever
 * @returns an answer that is no refusal, whose body is still to be read
 * @throws as `askAdmin`
 */
export async function sendToAdmin(
  { url, key }: AdminAccess,
  method: AdminMethod,
  path: string,
  body?: unknown,
  headersTimeoutMs = 300_000,
): Promise<Dispatcher.ResponseData> {
  const response = await request(`${url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
    headersTimeout: headersTimeoutMs,
  }).catch((cause: Error) => {
    const message = `the administration API at ${url} did not answer: ${cause.message}; check the address, and that the program is running`;
    throw new Error(message, { cause });
  });
  if (response.statusCode < 300) return response;
  throw refusalOf(response.statusCode, await response.body.text());
}

/** What a problem document says; anything else as it came. */
function refusalOf(status: number, text: string): AdminRefusal {
  try {
    const { code, detail } = JSON.parse(text) as { readonly code?: string; readonly detail?: string };
    return new AdminRefusal(status, code ?? `status-${status}`, detail ?? '');
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return new AdminRefusal(status, `status-${status}`, text.slice(0, maxRefusalLength));
  }
}
