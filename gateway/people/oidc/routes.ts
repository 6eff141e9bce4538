import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { Problem } from '../../http/index.ts';
import type { People } from '../people.ts';
import { originOf } from '../session-routes.ts';
import { callbackPath, type OidcSignIn } from './oidc-sign-in.ts';
import { returnPathOf } from './return-path.ts';

const maxQueryLength = 8_000;

/** `/sign-in/oidc`, where browsers begin, and where the identity provider sends them back to. */
export function addOidcRoutes(app: OpenAPIHono, people: People, oidc: OidcSignIn): void {
  app.get('/sign-in/oidc', (c) =>
    answered(c, async () => {
      const { url, flow } = await oidc.begin(returnPathOf(c.req.query('return')));
      c.header('set-cookie', oidc.cookie.write(flow));
      return c.redirect(url.href, 302);
    }),
  );
  app.get(callbackPath, (c) =>
    answered(c, async () => {
      // Used up, whatever comes of it.
      c.header('set-cookie', oidc.cookie.clear());
      const flow = oidc.cookie.read(c.req.raw.headers);
      if (flow === undefined) {
        const detail = 'Signing in was not begun in this browser, or more than ten minutes ago; begin again';
        throw new Problem(401, 'oidc-not-begun', detail);
      }
      const { search } = new URL(c.req.url);
      if (search.length > maxQueryLength) throw new Problem(401, 'oidc-refused', 'The answer is too long');
      const person = await oidc.finish(search, flow).catch((error: unknown) => {
        if (error instanceof Problem) people.signIn.noteRefused(originOf(c), error.code);
        throw error;
      });
      const secret = people.signIn.external(person, originOf(c));
      c.header('set-cookie', people.cookie.write(secret), { append: true });
      // A redirect would still count as coming from the provider, and the session's cookie would not be sent along.
      return page(c, 200, 'Signed in', 'You are signed in.', flow.returnPath);
    }),
  );
}

/** People look at this, so they are told in a page, not in a document for programs. */
async function answered(context: Context, answer: () => Promise<Response>): Promise<Response> {
  context.header('cache-control', 'no-store');
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return page(context, error.status, 'Not signed in', `${error.message} (${error.code})`, undefined);
  }
}

/** @param next where to go from it, at once; checked */
function page(
  context: Context,
  status: 200 | Problem['status'],
  title: string,
  text: string,
  next: string | undefined,
): Response | Promise<Response> {
  const refresh =
    next === undefined ? '' : `<meta http-equiv="refresh" content="0; url=${escapeHtml(next)}">`;
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>${refresh}</head>
<body><main><h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p><p><a href="${escapeHtml(next ?? '/')}">Go on</a></p></main></body></html>
`;
  return context.html(html, status);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
