import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AcmeHttps, openHttps } from './https.ts';
import { readRetryAfter } from './retry-after.ts';
import { type AcmeServer, startAcmeServer } from './testing/acme-server.ts';

const now = () => new Date('2026-11-24T00:00:00Z');

describe('an ACME server', () => {
  let folder: string;
  let server: AcmeServer;
  let https: AcmeHttps;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'waygate-acme-'));
    server = await startAcmeServer();
    writeFileSync(join(folder, 'ca.pem'), server.cert);
    https = await openHttps({ trustFile: join(folder, 'ca.pem'), timeoutMs: 300, now });
  });
  afterEach(async () => {
    await https.close();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['says nothing', () => undefined],
    ['drips', (write: () => void) => setInterval(write, 20)],
  ])('that %s is left at the deadline', async (_what, drip) => {
    let timer: NodeJS.Timeout | undefined;
    server.on(
      '/slow',
      (_seen, response) =>
        new Promise((resolve) => {
          response.on('close', () => resolve(undefined));
          response.writeHead(200);
          timer = drip(() => response.write(' '));
        }),
    );
    await expect(https.send(`${server.url}/slow`, { method: 'GET' })).rejects.toMatchObject({
      ...{ code: 'unreachable', isPassing: true },
      message: expect.stringContaining('300 ms'),
    });
    clearInterval(timer);
  });

  it('whose certificate nobody vouches for is not asked', async () => {
    const trusting = await openHttps({ now });
    await expect(trusting.send(server.directoryUrl, { method: 'GET' })).rejects.toMatchObject({
      ...{ code: 'unreachable', remedy: expect.stringContaining('trustFile') },
    });
    await trusting.close();
    expect(server.seen()).toEqual([]);
  });

  it.each(['http://127.0.0.1/', 'https://me:pw@127.0.0.1/', 'file:///etc/passwd', 'nothing', ''])(
    'is not looked for at %s',
    async (url) => {
      await expect(https.send(url, { method: 'GET' })).rejects.toMatchObject({ code: 'malformed' });
    },
  );

  it('is not spoken to when the certificates to verify it are not there', async () => {
    await expect(openHttps({ trustFile: join(folder, 'none.pem'), now })).rejects.toMatchObject({
      code: 'not-set-up',
    });
    writeFileSync(join(folder, 'ca.pem'), 'hello');
    await expect(openHttps({ trustFile: join(folder, 'ca.pem'), now })).rejects.toMatchObject({
      code: 'not-set-up',
    });
  });
});

describe('Retry-After', () => {
  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Tue, 24 Nov 2026 00:02:00 GMT', 120_000],
    ['Mon, 23 Nov 2026 00:02:00 GMT', 0],
    ['999999999', 7 * 24 * 3600_000],
    ['soon', undefined],
    [undefined, undefined],
    [['1', '2'], undefined],
  ])('%o is %o milliseconds', (header, ms) => {
    expect(readRetryAfter(header, now())).toBe(ms);
  });
});
