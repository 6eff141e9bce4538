import { request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyOf, startNetwork, type TestNetwork } from './network.ts';

const population = '/clients/PILOT%3AGOV%3A1001%3Apopulation';

describe('a service path', () => {
  let network: TestNetwork;
  let path: string;
  let seen: string[] = [];

  beforeAll(async () => {
    network = await startNetwork();
    ({ path } = await network.publish('guarded', (incoming, outgoing) => {
      seen.push(incoming.url ?? '');
      outgoing.end();
    }));
    await network.ministryAdmin.put(`${population}/services/guarded/access-rights`, [
      {
        subject: 'PILOT:MUN:2001:portal',
        endpoints: [
          { method: 'GET', path: '/open/*/end' },
          { method: 'GET', path: '/all/**' },
        ],
      },
    ]);
  });
  afterAll(() => network?.close());

  /** Sends exactly that target, nothing normalised. */
  const ask = (target: string) =>
    new Promise<{ status: number; code: string | undefined }>((resolve, reject) => {
      const { hostname, port } = new URL(network.city.clientUrl);
      const headers = { 'X-Road-Client': 'PILOT/MUN/2001/portal' };
      const outgoing = httpRequest({ hostname, port, path: target, headers }, (answer) => {
        const code = answer.headers['x-road-error'];
        bodyOf(answer).then(
          () => resolve({ status: answer.statusCode ?? 0, code: code?.toString() }),
          reject,
        );
      });
      outgoing.on('error', reject);
      outgoing.end();
    });

  it.each([
    '/all/%2e%2e/secret',
    '/all/%2E%2E/secret',
    '/all/..',
    '/all/../secret',
    '/all/./x',
    '/all/%2e/x',
    '/all/x%2fy',
    '/all/x%2Fy',
    '/all/x%5cy',
    '/all/x\\y',
    '/all/%252e%252e/secret',
    '/all/x%252fy',
    '/all/x;y=1',
    '/all/x%3by',
    '/all//x',
    '//all/x',
    '/all/x%00y',
    '/all/x%0ay',
    '/all/x%7fy',
    '/all/x%3fy',
    '/all/x%23y',
    '/all/x%zz',
    '/all/x%',
    '/all/%c0%ae%c0%ae/secret',
    '/all/%ff',
  ])('%s is refused before rights are judged, and never called', async (trick) => {
    seen = [];
    const { code } = await ask(`${path}${trick}`);
    expect(code).toBe('server.clientproxy.internal_error');
    expect(seen).toEqual([]);
  });

  it.each([
    ['/open/1/end', true],
    ['/open/a%20b/end', true],
    ['/open/%C3%A4/end?x=1', true],
    ['/all/', true],
    ['/all/a/b/c', true],
    ['/all', false],
    ['/open/1/2/end', false],
    ['/open/1/END', false],
    ['/open//end', false],
    ['/closed', false],
    ['', false],
  ])('%s is called: %s', async (target, isCalled) => {
    seen = [];
    const { status } = await ask(`${path}${target}`);
    expect([seen, status]).toEqual(isCalled ? [[target], 200] : [[], 500]);
  });

  it('that is called is exactly the one that was authorised, whatever was asked for', async () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2f',
      '%5c',
      '%25',
      ';',
      '?',
      '*',
      'open',
      'all',
      'end',
      'a',
      '%20',
      '%C3%A4',
      '~',
      '+',
      '@',
      ':',
    );
    const target = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(''));
    const base = fc.constantFrom('/open/', '/all/', '/');
    await fc.assert(
      fc.asyncProperty(base, target, async (start, rest) => {
        seen = [];
        const asked = `${start}${rest}`;
        const { status } = await ask(`${path}${asked}`);
        if (status !== 200) {
          expect(seen).toEqual([]);
          return;
        }
        expect(seen).toEqual([asked]);
        // Decoded once, as any service would, it is inside what was granted.
        const called = decodeURIComponent((asked.split('?')[0] ?? '').replaceAll('%2f', '%252f'));
        expect(called).toMatch(/^\/open\/[^/]*\/end$|^\/all\/.*$/s);
        expect(called.split('/')).not.toContain('..');
      }),
      { numRuns: 300 },
    );
  });
});
