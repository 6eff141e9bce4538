import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeAnchor } from '../gateway/configuration/index.ts';
import { Caller } from '../gateway/first-start/testing/caller.ts';
import { initServer } from './init.ts';
import { startServer } from './main.ts';
import type { RunningServer } from './running-server.ts';

const pin = 'Correct-Horse-7';
const password = 'four words of oil';

describe('a server that was started without its PIN', () => {
  let data: string;
  let server: RunningServer;
  const browser = new Caller(() => server.adminUrl);
  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'waygate-signed-out-'));
    const source = { url: 'http://127.0.0.1:1/internalconf', verificationCerts: [Buffer.from('nobody')] };
    const anchor = writeAnchor({ instance: 'DEV', sources: [source] });
    const [instance, memberClass, memberCode, serverCode] = ['DEV', 'GOV', '1', 'ss1'];
    const id = { kind: 'SERVER', instance, memberClass, memberCode, serverCode } as const;
    await initServer({ data, id, pin, anchor, administrator: { name: 'anna', password } });
    server = await startServer({
      ...{
        data,
        clientHost: '127.0.0.1',
        clientPort: 0,
        clientTlsPort: 0,
        peerHost: '127.0.0.1',
        peerPort: 0,
      },
      ...{ instancePeerPort: 1, adminHost: '127.0.0.1', adminPort: 0, timestampUrls: [] },
      ...{ acceptableTimestampFailureMs: 0, configurationPollMs: 60_000, allowedFederations: 'none' },
      ...{ maxBodyBytes: 1_024, onExchange: () => undefined, onTrouble: () => undefined },
    });
  }, 60_000);
  afterAll(async () => {
    await server?.close();
    rmSync(data, { recursive: true });
  });
  const signatureCheck = async () => {
    const { checks } = await server.health();
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
    const key = { authorization: `Bearer ${server.apiKey}` };
    const status = await browser.ask('GET', '/api/v1/status', undefined, key);
    const { token } = status.json as unknown as { readonly token: { readonly id: string } };
    const path = `/api/v1/tokens/${token.id}/activation`;
    expect((await browser.ask('POST', path, { pin }, key)).status).toBeLessThan(300);
    expect(await signatureCheck()).toMatchObject({ isGood: true });
    const { text } = await browser.ask('GET', '/');
    expect(text).not.toContain('The token waits for its PIN');
  });
});
