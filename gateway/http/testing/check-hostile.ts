import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { nearly, nearlySegment, type Schema, type Schemas } from './hostile-requests.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema?: Schema;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema?: Schema } | undefined>>;
  };
}

/** What an API says of itself at `/openapi.json`. */
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Schemas };
}

interface Sent {
  readonly path: string;
  readonly body: unknown;
}

/** Words of the database, of the language and of its paths: answers that hold them tell how we are made. */
const inner =
  /SQLITE|constraint failed|no such (table|column)|TypeError|RangeError|node_modules|\.[jt]s:\d+/i;

/**
 * Sends every operation that an API describes what no client means: it is refused or done, never a failure nobody
 * foresaw, and the refusal is a problem document which tells nothing of what is behind.
 * @param ask sends a request as somebody with every role
 * @param runs requests of each operation
 * @param skip operations left out, such as `POST /api/v1/keys`, for what they would cost
 * @returns how many operations were asked
 */
export async function checkHostileRequests(
  ask: (path: string, init: RequestInit) => Promise<Response>,
  { runs, skip = [] }: { readonly runs: number; readonly skip?: readonly string[] },
): Promise<number> {
  const description = (await (await ask('/openapi.json', {})).json()) as Description;
  const schemas = description.components?.schemas ?? {};
  const operations = Object.entries(description.paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        path,
        method: method.toUpperCase(),
        operation,
      })),
    )
    .filter(({ method, path }) => !skip.includes(`${method} ${path}`));
  for (const { path, method, operation } of operations) {
    const sent = hostile(path, operation, schemas);
    await fc.assert(
      fc.asyncProperty(sent, (one) => checkAnswer(ask, method, one)),
      { numRuns: runs },
    );
  }
  return operations.length;
}

/** Asks a program over its socket. @param url without a path @param key of its API */
export function asksWithKey(url: string, key: string) {
  return (path: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${key}`);
    return fetch(`${url}${path}`, { ...init, headers });
  };
}

function hostile(
  path: string,
  { parameters = [], requestBody }: Operation,
  all: Schemas,
): fc.Arbitrary<Sent> {
  const values = fc.record(
    Object.fromEntries(parameters.map(({ name, schema }) => [name, nearlySegment(schema ?? {})])),
  );
  const schema = requestBody?.content['application/json']?.schema;
  const body = schema === undefined ? fc.constant(undefined) : nearly(schema, all);
  return fc.tuple(values, body).map(([chosen, body]) => {
    const filled = path.replace(/\{([^}]+)\}/g, (_whole, name: string) => chosen[name] ?? 'x');
    const query = parameters
      .filter((parameter) => parameter.in === 'query')
      .map(({ name }) => `${name}=${chosen[name]}`);
    return { path: query.length === 0 ? filled : `${filled}?${query.join('&')}`, body };
  });
}

async function checkAnswer(
  ask: (path: string, init: RequestInit) => Promise<Response>,
  method: string,
  { path, body }: Sent,
): Promise<void> {
  const init = {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
  let response = await ask(path, init);
  let text = await response.text();
  // Not asked yet, that is: a quick machine sends more than one client may. Sign-ins that are throttled were asked.
  while (response.status === 429 && (JSON.parse(text) as { code?: unknown }).code === 'rate-limited') {
    await setTimeout(Number(response.headers.get('retry-after')) * 1000);
    response = await ask(path, init);
    text = await response.text();
  }
  const { status } = response;
  if (status < 400) return;
  const told = `${method} ${path.slice(0, 300)} ${(JSON.stringify(body) ?? '').slice(0, 600)}: ${status} ${text.slice(0, 600)}`;
  // 503: what is behind, such as another server, cannot be asked now; told as such.
  if (status >= 500 && status !== 503) throw new Error(told);
  if (response.headers.get('content-type') !== 'application/problem+json') throw new Error(told);
  const { code, detail } = JSON.parse(text) as { code?: unknown; detail?: unknown };
  if (typeof code !== 'string' || typeof detail !== 'string' || inner.test(detail)) throw new Error(told);
}
