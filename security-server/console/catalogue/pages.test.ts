import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Visitor } from '../../../gateway/console/testing/visitor.ts';
import { parseEncodedClient } from '../../../gateway/identifier/index.ts';
import { CatalogueStore } from '../../catalogue/index.ts';
import { type AdminWorld, openAdminWorld } from '../../testing/admin-world.ts';
import { createServerConsole } from '../index.ts';

const provider = 'DEV:GOV:2:population';
const portal = 'DEV:GOV:1:portal';
const markup = '<img src=x onerror=alert(1)>';
const service = {
  serviceCode: 'register',
  kind: 'OPENAPI',
  endpoints: [{ method: 'POST', path: '/a' }],
} as const;
const page = `/catalogue/services/${encodeURIComponent(`${provider}:register`)}`;

describe('the pages of the catalogue', () => {
  let world: AdminWorld;
  let dir: string;
  let store: CatalogueStore;
  let visitor: Visitor;
  let roles: string[];
  let ordered: unknown[];
  const faults: unknown[] = [];

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-catalogue-'));
    store = new CatalogueStore(join(dir, 'catalogue.sqlite'));
    [roles, ordered] = [['service-administrator'], []];
    world = await openAdminWorld({
      catalogue: {
        store,
        gathering: {
          status: () => ({ waiting: 1, client: portal, intervalMs: 3_600_000, endedAt: undefined }),
          order: (client, whom) => ordered.push([client.memberCode, whom]),
        },
        addresses: () => ({ http: 'http://ss1.example:8080', https: 'https://ss1.example:8443' }),
      },
      journal: { append: async () => undefined } as never,
    });
    const client = { id: parseEncodedClient(portal), status: 'registered' } as const;
    await world.settings.putClient({ ...client, connectionType: 'SSLAUTH', certificates: [] });
    const at = new Date(0);
    store.sync([{ id: provider, memberName: markup, name: 'Population' }], [portal], () => 0);
    store.putOffered({ provider, client: portal }, ['OPENAPI'], [service], []);
    store.putAttempt({ provider, client: portal, at, error: undefined, nextAt: at });
    const operation = {
      ...{ method: 'POST', path: '/a', summary: markup, description: markup, isDeprecated: true },
      parameters: [{ name: markup, in: 'query', isRequired: true, example: markup }],
      body: { contentType: 'application/json', isRequired: true, example: `"${markup}"` },
      answers: [{ status: '200', description: markup }],
    } as const;
    const outline = {
      ...{
        title: markup,
        version: markup,
        description: markup,
        contact: { name: markup, url: 'https://a.example/' },
      },
      ...{ operations: [operation], omitted: 3 },
    };
    store.putDescription(provider, service, at, { description: { kind: 'OPENAPI', outline } });
    const console = createServerConsole({
      ...{ instance: 'DEV/GOV/1/ss1', version: '1', now: world.services.now },
      api: (request, env) =>
        new URL(request.url).pathname === '/api/v1/session'
          ? Response.json({ name: 'anna', roles, csrfToken: 'token' })
          : world.api(request, env),
      report: (error) => faults.push(error),
    });
    visitor = new Visitor(console);
  });
  afterEach(async () => {
    await world.close();
    store.close();
    rmSync(dir, { recursive: true });
    expect(faults).toEqual([]);
  });

  it('show what strangers write as text, wherever it stands', async () => {
    for (const path of ['/catalogue', '/catalogue/providers', page]) {
      const { html } = await visitor.get(path);
      expect(html).toContain('&lt;img');
      expect(html).not.toContain('<img src=x');
      expect(html).not.toContain('href="https://a.example');
    }
  });

  it('list services that are found, tell what a client may call, and say that others are asked', async () => {
    const found = (await visitor.get('/catalogue?q=population')).html;
    expect(found).toContain(`${page}?client=${encodeURIComponent(portal)}`);
    expect(found).toContain('1 providers are asked');
    expect((await visitor.get('/catalogue?q=nothing')).html).toContain('No service was found');
  });

  it('lead to a call that is filled in, for whoever may try one', async () => {
    const link = `/try-it?${new URLSearchParams({ client: portal, provider, serviceCode: 'register', method: 'POST' })}`;
    const shown = (await visitor.get(page)).html;
    expect(shown).toContain(link.replaceAll('&', '&amp;'));
    for (const file of ['server.pem', 'system.pem', 'system.p12', 'https://ss1.example:8443/r1/DEV/GOV/2']) {
      expect(shown).toContain(file);
    }
    roles = ['auditor'];
    expect((await visitor.get(page)).html).not.toContain('/try-it?');
  });

  it('order that providers are asked', async () => {
    await visitor.get('/catalogue/gather');
    const { location } = await visitor.post('/catalogue/gather', { client: portal, provider });
    expect(location).toContain('done=asked');
    expect(ordered).toEqual([['1', provider]]);
    const refused = await visitor.post('/catalogue/gather', { client: 'DEV:GOV:1:nobody', provider });
    expect(refused.status).toBe(404);
  });
});
