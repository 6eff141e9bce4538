import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Caller } from '../gateway/first-start/testing/caller.ts';
import { AskedServer, pin } from './testing/asked-server.ts';

const password = 'four words of oil';

describe('a server that was started without its PIN', () => {
  let server: AskedServer;
  const browser = new Caller(() => server.running.adminUrl);
  beforeAll(async () => {
    server = await AskedServer.found({ name: 'anna', password }, { isSignedIn: false });
  }, 60_000);
  afterAll(() => server.close());
  const signatureCheck = async () => {
    const { checks } = await server.running.health();
    return checks.find(({ name }) => name === 'token');
  };

  it('is live, is not ready, and says why', async () => {
    expect((await browser.ask('GET', '/health/live')).status).toBe(200);
    expect((await browser.ask('GET', '/health/ready')).status).toBe(503);
    expect(await signatureCheck()).toMatchObject({ isGood: false, detail: expect.stringContaining('PIN') });
  });

  it('takes its first person in, who sees on the overview what to do', async () => {
    const signIn = new URLSearchParams({ name: 'anna', password });
    expect((await browser.ask('POST', '/sign-in', signIn)).location).toBe('/');
    const { text } = await browser.ask('GET', '/');
    expect(text).toContain('The token waits for its PIN');
    expect(text).toContain('href="/tokens"');
  });

  it('works as any other from when its PIN was entered', async () => {
    const key = { authorization: `Bearer ${server.running.apiKey}` };
    const status = await browser.ask('GET', '/api/v1/status', undefined, key);
    const { token } = status.json as unknown as { readonly token: { readonly id: string } };
    const path = `/api/v1/tokens/${token.id}/activation`;
    expect((await browser.ask('POST', path, { pin }, key)).status).toBeLessThan(300);
    expect(await signatureCheck()).toMatchObject({ isGood: true });
    const { text } = await browser.ask('GET', '/');
    expect(text).not.toContain('The token waits for its PIN');
  });
});
