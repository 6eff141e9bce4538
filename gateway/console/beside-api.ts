import type { Api } from './api-client.ts';
import type { Console } from './console.tsx';

/** What the API answers itself on the listener that both share: its operations, its description, sign-in elsewhere. */
const ofApi = /^\/(?:api\/|health\/|metrics$|openapi\.json$|sign-in\/oidc(?:\/|$))/;

/** One listener for the administration API and its console: the same origin, so that cookies need no exception. */
export function besideApi(
  api: Api,
  console: Console,
): (request: Request, env?: unknown) => Promise<Response> {
  return async (request, env) =>
    ofApi.test(new URL(request.url).pathname) ? api(request, env) : console.fetch(request, env);
}
