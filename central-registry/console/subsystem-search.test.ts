import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PageContent, Pages, Visit } from '../../gateway/console/index.ts';
import { drawIn, testVisit } from '../../gateway/console/testing/visit.ts';
import { AskedRegistry } from '../testing/asked-registry.ts';
import { addSubsystemSearchPage } from './subsystem-search.tsx';

/** As long as a code may be, and each of its characters an escape in an identifier. */
const code = '?'.repeat(255);
const memberId = [code, code, code].map(encodeURIComponent).join(':');
const first = `${memberId}:${encodeURIComponent(code)}`;
const second = `${memberId}:${encodeURIComponent(`${code.slice(1)}x`)}`;

let registry: AskedRegistry;
beforeEach(async () => {
  registry = await AskedRegistry.found(code);
  const made = [
    await registry.ask('PUT', `/member-classes/${encodeURIComponent(code)}`, { description: 'Long' }),
    await registry.ask('POST', '/members', { id: memberId, name: 'Long' }),
    await registry.ask('POST', '/subsystems', { id: first }),
    await registry.ask('POST', '/subsystems', { id: second }),
  ];
  expect(made.filter(({ status }) => status >= 300)).toEqual([]);
}, 60_000);
afterEach(() => registry.close());

it('a list goes on behind four codes of 255 characters each, in the API and on its page', async () => {
  const { adminUrl, apiKey } = registry.running;
  const fetchApi = (path: string) =>
    fetch(`${adminUrl}${path}`, { headers: { authorization: `Bearer ${apiKey}` } });
  const page = await fetchApi('/api/v1/subsystems?limit=1');
  expect(await page.json()).toMatchObject([{ id: first }]);
  const next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1] ?? '';
  const further = await fetchApi(next);
  expect([further.status, await further.json()]).toMatchObject([200, [{ id: second }]]);

  const cursor = new URL(next, adminUrl).searchParams.get('cursor');
  let show: (visit: Visit) => unknown = () => undefined;
  addSubsystemSearchPage({
    get: (_path: string, draw: (visit: Visit) => unknown) => {
      show = draw;
    },
  } as unknown as Pages);
  const visit = testVisit(`?from=${cursor}`, (request) => {
    const { pathname, search } = new URL(request.url);
    return fetchApi(`${pathname}${search}`);
  });
  const { body } = (await show(visit)) as PageContent;
  const html = drawIn(visit, () => body as never);
  expect(html).toContain(second);
  expect(html).not.toContain(first);
});
