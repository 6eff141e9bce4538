import { randomUUID } from 'node:crypto';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { getCookie } from 'hono/cookie';
import { type Answer, type Pages, seeOther } from './answer.ts';
import { type Api, type ApiClient, ApiRefusal, createApiClient } from './api-client.ts';
import { assetResponse, loadAssets } from './assets.ts';
import { Page, type PageContent } from './components/page.tsx';
import { refusalPage, unexpectedPage, unknownPage } from './pages/errors.tsx';
import { addCommonPages, addFramePages } from './pages/frame-pages.ts';
import { hasToken, isFromHere, protect, textOf } from './protect.ts';
import { chooseLanguage, frameCatalogue } from './texts/catalogue.ts';
import { type Frame, type NavGroup, type Session, schemes, type Visit, VisitProvider } from './visit.ts';

export interface ConsoleOptions {
  /** What the program is, in the visitor's language: 'Central registry'. */
  readonly role: (visit: Visit) => string;
  /** What it serves: the instance, or the server. */
  readonly instance: string;
  readonly version: string;
  /** The administration API of the same program, in process. */
  readonly api: Api;
  /** The program's own part of the navigation; the frame adds its pages. */
  readonly navigation: (visit: Visit) => readonly NavGroup[];
  /**
   * Of a program that has nobody yet: adds its pages for coming in and going in place of the frame's pages of people
   * and audit events.
   */
  readonly firstStart?: (pages: Pages) => void;
  /** Whether `/sign-in/oidc` is there. */
  readonly hasOidc?: boolean;
  /** Whether the program keeps why somebody makes a change; dangerous acts ask for it then. */
  readonly keepsReasons?: boolean;
  readonly now: () => Date;
  /** Told of errors that nobody foresaw, with the reference the visitor was shown. */
  readonly report: (error: unknown, reference: string) => void;
}

export interface Console extends Pages {
  /** Patterns of the paths at which there is something to read, `:name` for what changes, in the order in which they count. */
  readonly paths: readonly string[];
  /** @param env what the listener knows of the connection; handed on to the API */
  fetch(request: Request, env?: unknown): Response | Promise<Response>;
}

/** Octets of a form that is posted: certificates and anchors are small. */
const maxFormBytes = 1024 * 1024;

/** Characters of why somebody makes a change. */
const maxWhy = 500;

/** Pages that are there before anybody signs in. */
const open = new Set(['/sign-in', '/preferences']);

/**
 * The console of a program: its frame, sign-in, account, people, audit events and API reference; the program adds its
 * own pages. Whatever a page shows or does it asks of the administration API, in the visitor's name.
 */
export function createConsole(options: ConsoleOptions): Console {
  const { role, instance, version, navigation, hasOidc = false, keepsReasons = false } = options;
  const hasPeople = options.firstStart === undefined;
  const assets = loadAssets();
  const frame: Frame = { role, instance, version, navigation, hasOidc, hasPeople, keepsReasons, assets };
  const app = new Hono();
  app.use(protect());
  app.get('/assets/:name', ({ req }) => {
    const asset = frame.assets.find(req.path);
    return asset === undefined
      ? new Response(null, { status: 404 })
      : assetResponse(asset, req.header('if-none-match'));
  });

  const answer = async (context: Context, make: (visit: Visit) => Answer | Promise<Answer>) => {
    let visit = visitOf(context, options, frame);
    try {
      visit = await signedIn(context, options, visit);
      if (visit.session === undefined && !open.has(context.req.path)) return toSignIn(visit.url);
      const made = await make(visit);
      return made instanceof Response ? made : draw(visit, made);
    } catch (error) {
      if (!(error instanceof ApiRefusal)) {
        const reference = randomUUID();
        options.report(error, reference);
        return draw(visit, unexpectedPage(visit, reference));
      }
      if (error.status === 401 && !open.has(context.req.path)) return toSignIn(visit.url);
      return draw(visit, refusalPage(visit, error));
    }
  };

  const paths: string[] = [];
  const pages: Pages = {
    get: (path, make) => {
      paths.push(path);
      app.get(path, (context) => answer(context, make));
    },
    post: (path, act, { maxBytes = maxFormBytes } = {}) => {
      app.post(path, limitForm(maxBytes), (context) =>
        answer(context, async (visit) => {
          requireAnnounced(context.req.raw, maxBytes, visit);
          const form = await readForm(context.req.raw, visit);
          if (!isFromHere(context.req.raw) || !hasToken(form, visit.session)) {
            throw new ApiRefusal(403, { code: 'csrf', detail: visit.texts.formExpired });
          }
          const confirmed = form.getAll('_confirm').filter((code) => typeof code === 'string');
          const said = { confirmed, why: textOf(form, '_why').slice(0, maxWhy) };
          const { raw } = context.req;
          const client = createApiClient(options.api, raw, context.env, visit.session?.csrfToken, said);
          return act({ ...visit, api: client }, form);
        }),
      );
    },
  };
  (options.firstStart ?? addFramePages)(pages);
  addCommonPages(pages);
  app.notFound((context) => answer(context, unknownPage));
  return { ...pages, paths, fetch: (request, env) => app.fetch(request, env as object) };
}

/** Forms of the usual size are counted as they come; of larger ones nothing is taken in before it is known whose. */
function limitForm(maxBytes: number): MiddlewareHandler {
  return maxBytes > maxFormBytes ? (_context, next) => next() : bodyLimit({ maxSize: maxBytes });
}

/** Browsers say how large a form is; that it is no larger, the listener sees to. @throws ApiRefusal 413 */
function requireAnnounced({ headers }: Request, maxBytes: number, { texts }: Visit): void {
  if (maxBytes <= maxFormBytes) return;
  const announced = Number(headers.get('content-length') ?? Number.NaN);
  if (announced <= maxBytes && !headers.has('transfer-encoding')) return;
  throw new ApiRefusal(413, {
    code: 'too-large',
    detail: texts.tooLarge(Math.trunc(maxBytes / 1024 / 1024)),
  });
}

function visitOf(context: Context, { api, now }: ConsoleOptions, frame: Frame): Visit {
  const language = chooseLanguage(getCookie(context, 'language'), context.req.header('accept-language'));
  const chosen = getCookie(context, 'scheme');
  return {
    url: new URL(context.req.url),
    language,
    texts: frameCatalogue[language],
    scheme: schemes.find((one) => one === chosen) ?? 'auto',
    now: now(),
    api: createApiClient(api, context.req.raw, context.env, undefined),
    frame,
    param: (name) => context.req.param(name) ?? '',
  };
}

async function signedIn(context: Context, { api }: ConsoleOptions, visit: Visit): Promise<Visit> {
  const session = await readSession(visit.api);
  if (session === undefined) return visit;
  const client = createApiClient(api, context.req.raw, context.env, session.csrfToken);
  return { ...visit, session, api: client };
}

/** @throws ApiRefusal 400 for what no form of a browser looks like */
async function readForm(request: Request, { texts }: Visit): Promise<FormData> {
  try {
    return await request.formData();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new ApiRefusal(400, { code: 'unreadable', detail: texts.unreadableForm });
  }
}

async function readSession(api: ApiClient): Promise<Session | undefined> {
  try {
    return await api.get<Session>('/api/v1/session');
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 401) return undefined;
    throw error;
  }
}

function toSignIn({ pathname, search }: URL): Response {
  const next = pathname === '/' ? '' : `?next=${encodeURIComponent(pathname + search)}`;
  return seeOther(`/sign-in${next}`);
}

function draw(visit: Visit, content: PageContent): Response {
  const html = (
    <VisitProvider value={visit}>
      <Page {...content} />
    </VisitProvider>
  ).toString();
  const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };
  return new Response(`<!doctype html>${html}`, { status: content.status ?? 200, headers });
}
