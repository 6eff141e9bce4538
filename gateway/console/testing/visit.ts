import type { Child } from 'hono/jsx';
import { jsx } from 'hono/jsx/jsx-runtime';
import { type Api, createApiClient } from '../api-client.ts';
import { loadAssets } from '../assets.ts';
import { frameCatalogue } from '../texts/catalogue.ts';
import { type Visit, VisitProvider } from '../visit.ts';

/**
 * A visit of a page at `/page`, by somebody with every role.
 * @param query with its question mark
 * @param api what is asked; there is nothing in it unless given
 */
export function testVisit(query: string, api: Api = () => new Response(null, { status: 404 })): Visit {
  const url = new URL(`http://localhost/page${query}`);
  return {
    ...{ url, language: 'en', texts: frameCatalogue.en, scheme: 'auto' },
    now: new Date('2026-11-23T12:00:00Z'),
    session: { name: 'anna', roles: [], csrfToken: 'token' },
    api: createApiClient(api, new Request(url), undefined, undefined),
    frame: {
      ...{
        role: () => 'Test',
        instance: 'TEST',
        version: '1',
        hasOidc: false,
        hasPeople: true,
        keepsReasons: false,
        assets: loadAssets(),
      },
      navigation: () => [],
    },
    param: () => '',
  };
}

/** Draws a component as it stands in a page. */
export function drawIn(visit: Visit, component: () => Child): string {
  const children = jsx(component as never, {});
  return String(jsx(VisitProvider as never, { value: visit, children } as never));
}
