/** A field that the API found wanting. */
export interface RefusedField {
  /** JSON pointer into what was sent. */
  readonly pointer: string;
  readonly detail: string;
}

/** What the API answered in place of what was asked for: its problem document. @see RFC 9457 */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal';
  readonly status: number;
  readonly code: string;
  readonly errors: readonly RefusedField[];
  /** Under which the log knows more; of unexpected errors. */
  readonly reference: string | undefined;
  /** What must be confirmed before it goes through. */
  readonly warnings: readonly { readonly code: string; readonly text: string }[];

  constructor(status: number, problem: Problem) {
    super(problem.detail ?? problem.title ?? `Status ${status}`);
    this.status = status;
    this.code = problem.code ?? 'unexpected';
    this.errors = problem.errors ?? [];
    this.reference = problem.instance?.replace('urn:uuid:', '');
    this.warnings = problem.warnings ?? [];
  }
}

interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly code?: string;
  readonly instance?: string;
  readonly errors?: readonly RefusedField[];
  readonly warnings?: ApiRefusal['warnings'];
}

/** The administration API as one visitor may use it. All refusals are thrown as ApiRefusal. */
export interface ApiClient {
  /** @returns the answer's JSON, of the shape the API's own description gives it */
  get<Answer>(path: string): Promise<Answer>;
  /** The answer's JSON with its version, to be sent with a change so that nobody's is lost. */
  getTagged<Answer>(path: string): Promise<{ readonly value: Answer; readonly etag: string | undefined }>;
  /** A page of a list, and the cursor of the next one. */
  list<Item>(path: string): Promise<{ readonly items: readonly Item[]; readonly next: string | undefined }>;
  /** The answer as it is: texts, files, headers. */
  fetch(path: string, init?: ApiInit): Promise<Response>;
  /** @param ifMatch the version that the change was made from. @returns the answer's JSON; undefined when it has none */
  send<Answer = undefined>(
    method: ChangeMethod,
    path: string,
    body?: unknown,
    ifMatch?: string,
  ): Promise<Answer>;
}

export type ChangeMethod = 'POST' | 'PUT' | 'DELETE';

interface ApiInit {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What somebody says beside a change. */
interface Said {
  /** Codes of warnings that they read, and mean it all the same. */
  readonly confirmed?: readonly string[];
  /** Why they make it; a registry keeps it in its history. */
  readonly why?: string;
}

/** The API in process. @param env what the listener knows of the connection, such as its address */
export type Api = (request: Request, env?: unknown) => Response | Promise<Response>;

/** What the visitor sent that the API must see to judge them. */
const forwarded = ['host', 'cookie', 'user-agent'];

/**
 * An API client that asks in the name of a visitor: their cookie, their address, nothing of its own.
 * @param csrfToken of the visitor's session, which changes must carry
 * @param said what the visitor said beside the change itself
 */
export function createApiClient(
  api: Api,
  request: Request,
  env: unknown,
  csrfToken: string | undefined,
  { confirmed = [], why = '' }: Said = {},
): ApiClient {
  const { origin } = new URL(request.url);
  const fetch: ApiClient['fetch'] = async (path, { method = 'GET', body, headers } = {}) => {
    const sent = new Headers(headers);
    for (const name of forwarded) {
      const value = request.headers.get(name);
      if (value !== null) sent.set(name, value);
    }
    sent.set('origin', request.headers.get('origin') ?? origin);
    sent.set('sec-fetch-site', 'same-origin');
    sent.set('accept', 'application/json');
    if (method !== 'GET' && csrfToken !== undefined) sent.set('x-csrf-token', csrfToken);
    if (method !== 'GET' && why !== '') sent.set('x-change-reason', encodeURIComponent(why));
    if (body !== undefined) sent.set('content-type', 'application/json');
    const init = { method, headers: sent, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const url = new URL(`${origin}${path}`);
    if (method !== 'GET' && confirmed.length > 0) url.searchParams.set('confirm', confirmed.join(','));
    const response = await api(new Request(url, init), env);
    if (response.status >= 400) throw new ApiRefusal(response.status, await readProblem(response));
    return response;
  };
  return {
    fetch,
    get: async <Answer>(path: string) => (await (await fetch(path)).json()) as Answer,
    getTagged: async <Answer>(path: string) => {
      const response = await fetch(path);
      return {
        value: (await response.json()) as Answer,
        etag: response.headers.get('etag') ?? undefined,
      };
    },
    list: async <Item>(path: string) => {
      const response = await fetch(path);
      return { items: (await response.json()) as Item[], next: nextCursor(response.headers.get('link')) };
    },
    send: async <Answer>(method: ChangeMethod, path: string, body?: unknown, ifMatch?: string) => {
      const headers = ifMatch === undefined ? {} : { 'if-match': ifMatch };
      const response = await fetch(path, { method, body, headers });
      const text = await response.text();
      return (text === '' ? undefined : JSON.parse(text)) as Answer;
    },
  };
}

async function readProblem(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    return JSON.parse(text) as Problem;
  } catch {
    // Not one of our own answers: what it says is not for the page.
    return { title: `Status ${response.status}` };
  }
}

function nextCursor(link: string | null): string | undefined {
  const target = /<([^>]+)>;\s*rel="next"/.exec(link ?? '')?.[1];
  if (target === undefined) return undefined;
  return new URL(target, 'http://console').searchParams.get('cursor') ?? undefined;
}

/**
 * A path of the API with values in it, each of them one segment whatever it holds.
 * @throws ApiRefusal 404 for `.` and `..`, which would lead elsewhere
 */
export function apiPath(parts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return parts.reduce((path, part, index) => `${path}${segment(String(values[index - 1]))}${part}`);
}

function segment(value: string): string {
  if (/^\.{0,2}$/.test(value))
    throw new ApiRefusal(404, { code: 'not-found', detail: `There is no '${value}'` });
  return encodeURIComponent(value);
}
