import type { OpenAPIHono } from '@hono/zod-openapi';
import { besideApi, type ConsoleOptions, createConsole, type Pages } from '../console/index.ts';
import { behindProxies, type Fetch, onlyForHosts } from '../http/index.ts';
import { addDoorPages } from './pages.tsx';

export interface FirstStartConsole
  extends Omit<ConsoleOptions, 'api' | 'firstStart' | 'navigation' | 'instance'> {
  /** What there is to do before the program is founded, with `addFirstStartRoutes` in it. */
  readonly api: OpenAPIHono;
  /** The pages for it; `/` is one of them. */
  readonly addPages: (pages: Pages) => void;
  /** Host and address at which people reach it. */
  readonly places: readonly (string | undefined)[];
  /** IP addresses of proxies that stand before it. */
  readonly proxies: readonly string[];
}

/** What answers on the administration address of a program that is not founded yet: its API, and pages for a browser. */
export function firstStartFetch({ api, addPages, places, proxies, ...options }: FirstStartConsole): Fetch {
  const ask = (request: Request, env?: unknown) => api.fetch(request, env as object);
  const console = createConsole({
    ...options,
    ...{ instance: 'Waygate', api: ask, firstStart: addDoorPages, navigation: () => [] },
  });
  addPages(console);
  return behindProxies(proxies, onlyForHosts(places, besideApi(ask, console)));
}
