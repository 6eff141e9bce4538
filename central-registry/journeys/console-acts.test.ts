import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchBrowser, WatchedPage } from '../../gateway/console/testing/browser.ts';
import { confirm, follow } from '../../gateway/console/testing/by-keyboard.ts';
import { signIn } from '../../gateway/console/testing/second-factor.ts';
import { startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';
import { askForClient, fillRegistry, invite, password, redeem } from './testing/fill-registry.ts';

interface Named {
  readonly id: string;
  readonly member: string;
}

/** Every kind of act that is asked about once: led to, read, said to be meant and done, without a mouse. */
describe.skipIf(!hasChromium())('confirmed acts in the console of a registry (needs chromium)', () => {
  let network: TestNetwork;
  let browser: Browser;
  let watched: WatchedPage;
  let url: string;
  const admin = () => network.registryAdmin;

  beforeAll(async () => {
    network = await startNetwork();
    url = network.registry.adminUrl;
    await fillRegistry(network);
    browser = await launchBrowser();
    watched = await WatchedPage.open(await browser.newContext(), url);
    await signIn(watched, url, { name: 'anna', password });
  });
  afterAll(async () => {
    await browser?.close();
    await network?.close();
    expect(network.troubles).toEqual([]);
    expect([watched.complaints, watched.elsewhere]).toEqual([[], []]);
  });

  /** @param from page with the link. @param done what the address says afterwards */
  async function act(
    from: string,
    href: string,
    done: RegExp,
    fields: Readonly<Record<string, string>> = {},
  ) {
    const { page } = watched;
    await page.goto(url + from);
    await follow(page, href);
    expect(await watched.findFaults(200)).toBeUndefined();
    await confirm(page, fields);
    await page.waitForURL(done);
    expect(await watched.findFaults(200)).toBeUndefined();
  }

  const request = async (id: number) =>
    admin().get<{ readonly status: string; readonly reason?: string }>(`/management-requests/${id}`);
  const invitationOf = async (memberCode: string) => {
    const all = await admin().get<readonly Named[]>('/invitations');
    return all.find(({ member }) => member.endsWith(`:${memberCode}`))?.id ?? '';
  };

  it('approve: a management request', async () => {
    const id = await askForClient(network, 'parks', 'Parks');
    await act(`/requests/${id}`, `/requests/${id}/approve`, /done=approved/);
    expect(await request(id)).toMatchObject({ status: 'approved' });
  });

  it('decline: a management request, with its reason', async () => {
    const id = await askForClient(network, 'roads', 'Roads');
    await act(`/requests/${id}`, `/requests/${id}/decline`, /done=declined/, { reason: 'No such office' });
    expect(await request(id)).toMatchObject({ status: 'declined', reason: 'No such office' });
  });

  it('revoke: a management request, on behalf of its sender', async () => {
    const id = await askForClient(network, 'lakes', 'Lakes');
    await act(`/requests/${id}`, `/requests/${id}/revoke`, /done=revoked/, { reason: 'Asked by telephone' });
    expect(await request(id)).toMatchObject({ status: 'revoked', reason: 'Asked by telephone' });
  });

  it('revoke: an API key', async () => {
    const { page } = watched;
    await page.goto(`${url}/api-keys`);
    const href = (await page.getAttribute('main a[href$="/revoke"]', 'href')) ?? '';
    await act('/api-keys', href, /done=revoked/);
  });

  it('withdraw: an invitation', async () => {
    await invite(network, '3001');
    const id = await invitationOf('3001');
    await act(`/invitations/${id}`, `/invitations/${id}/withdraw`, /done=/);
    expect(await admin().get(`/invitations/${id}`)).toMatchObject({ state: 'withdrawn' });
  });

  it('approve and decline: a joining', async () => {
    for (const [memberCode, outcome, fields] of [
      ['3002', 'approved', {}],
      ['3003', 'declined', { reason: 'No agreement' }],
    ] as const) {
      await redeem(network, await invite(network, memberCode));
      const id = await invitationOf(memberCode);
      const verb = outcome === 'approved' ? 'approve' : 'decline';
      await act(`/invitations/${id}`, `/invitations/${id}/${verb}`, /done=/, fields);
      expect(await admin().get(`/invitations/${id}`)).toMatchObject({ decision: { outcome } });
    }
  });

  it('activate and remove: a configuration key', async () => {
    const keys = () => admin().get<readonly { keyId: string; isActive: boolean; source: string }[]>('/keys');
    // Nobody reads the configuration for other instances here, and would have to be given the new anchor.
    const { keyId: waiting } = await admin().post<{ keyId: string }>('/keys', { source: 'external' });
    const isFormer = (one: { isActive: boolean; source: string }) =>
      one.isActive && one.source === 'external';
    const former = (await keys()).find(isFormer)?.keyId ?? '';
    await act('/keys', `/keys/${encodeURIComponent(waiting)}/activate`, /done=activated/);
    await act('/keys', `/keys/${encodeURIComponent(former)}/remove`, /done=deleted/);
    expect((await keys()).map(({ keyId }) => keyId)).not.toContain(former);
    expect((await keys()).find(({ keyId }) => keyId === waiting)).toMatchObject({ isActive: true });
  });

  it('remove: what stands in a list, and what has a page', async () => {
    const client = encodeURIComponent('PILOT:GOV:1002:archive');
    await act('/groups/judges', `/groups/judges/members/${client}/remove`, /\/groups\/judges\?done=/);
    await act('/groups/judges', '/groups/judges/remove', /\/groups\?done=/);
    const server = `/servers/${encodeURIComponent('PILOT:GOV:1002:ss9')}`;
    await act(server, `${server}/clients/${client}/remove`, /done=saved/);
    await act(server, `${server}/remove`, /\/servers\?done=saved/);
    const member = `/members/${encodeURIComponent('PILOT:GOV:1002')}`;
    await act(member, `${member}/subsystems/${client}/remove`, /done=removed/);
    await act(member, `${member}/remove`, /done=removed/);
    await act('/federation', '/federation/ABROAD/remove', /done=removed/);
    await act('/people/otto', '/people/otto/remove', /done=removed/);
    expect(JSON.stringify(await admin().get('/members'))).not.toContain('1002');
  });
});
