import { createRoute } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import { requireOwnPage } from './csrf.ts';
import { onlyForHosts } from './host-guard.ts';
import { type AuditedRequest, allowAll, createAdminApi, type Principal } from './index.ts';
import { RateLimiter } from './rate-limit.ts';

const session = { csrfToken: 'token-of-the-session' };
const anna: Principal = { id: 'user:anna', kind: 'user', roles: new Set(['observer']), session };

describe('requests for other hosts', () => {
  const fetch = onlyForHosts(
    ['registry.example', 'https://console.example:8443/', undefined],
    () => new Response('in'),
  );
  const ask = async (host: string) => (await fetch(new Request('http://x/', { headers: { host } }))).status;

  it('are answered by none of ours, so that no name of others leads in', async () => {
    for (const host of [
      'evil.example',
      'registry.example.evil.example',
      'localhost.evil.example',
      '',
      'a@127.0.0.1',
    ]) {
      expect([host, await ask(host)]).toEqual([host, 421]);
    }
    for (const host of [
      'registry.example, localhost',
      'localhost/..',
      'localhost:80:80',
      '127.0.0.1.nip.io',
    ]) {
      expect([host, await ask(host)]).toEqual([host, 421]);
    }
  });

  it('are no others by address, on the loopback, or by a name we were told', async () => {
    for (const host of [
      'localhost',
      'LOCALHOST:4000',
      '127.0.0.1:4000',
      '[::1]:4000',
      '10.1.2.3',
      'Registry.Example:80',
      'console.example:8443',
    ]) {
      expect([host, await ask(host)]).toEqual([host, 200]);
    }
  });
});

describe('a change that comes with a cookie', () => {
  const code = (headers: Record<string, string>, who: Principal = anna) => {
    try {
      requireOwnPage(who, new Headers(headers));
      return 'taken';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('CSRF: needs the token of the session, and no other site behind it', () => {
    const token = { 'x-csrf-token': session.csrfToken };
    expect(code({})).toBe('csrf');
    expect(code({ 'x-csrf-token': 'token-of-another-one' })).toBe('csrf');
    expect(code({ ...token, 'sec-fetch-site': 'cross-site' })).toBe('csrf');
    expect(code({ ...token, 'sec-fetch-site': 'same-site' })).toBe('csrf');
    expect(code({ ...token, 'sec-fetch-site': 'same-origin' })).toBe('taken');
    expect(code(token)).toBe('taken');
  });

  it('CSRF: is refused by the API before anything is done, and reads are not', async () => {
    let done = 0;
    const app = createAdminApi({
      ...{ title: '', version: '1', description: '', authenticate: () => anna },
      report: () => undefined,
    });
    for (const method of ['get', 'post'] as const) {
      const responses = { 204: { description: 'done' } };
      app.openapi(createRoute({ ...allowAll(), method, path: '/api/v1/thing', responses }), (context) => {
        done += 1;
        return context.body(null, 204);
      });
    }
    const ask = async (method: string, headers = {}) =>
      (await app.request('/api/v1/thing', { method, headers })).status;
    expect([await ask('GET'), await ask('POST'), done]).toEqual([204, 403, 1]);
    expect([await ask('POST', { 'x-csrf-token': session.csrfToken }), done]).toEqual([204, 2]);
  });
});

describe('requests of one who asks too much', () => {
  it('wait, and those of others do not', () => {
    let now = 0;
    const limiter = new RateLimiter({ burst: 3, perSecond: 2 }, () => now);
    const ask = (who: string) => {
      try {
        limiter.take(who);
        return 'taken';
      } catch (error) {
        return (error as { retryAfterSeconds: number }).retryAfterSeconds;
      }
    };
    expect(['a', 'a', 'a', 'a', 'b'].map(ask)).toEqual(['taken', 'taken', 'taken', 0.5, 'taken']);
    now = 500;
    expect(['a', 'a'].map(ask)).toEqual(['taken', 0.5]);
    now = 1_000_000;
    expect(['a', 'a', 'a', 'a'].map(ask)).toEqual(['taken', 'taken', 'taken', 0.5]);
  });

  it('are counted for so many people at most', () => {
    const limiter = new RateLimiter({ burst: 1, perSecond: 0.001 }, () => 0);
    limiter.take('first');
    for (let one = 0; one < 10_000; one += 1) limiter.take(`other-${one}`);
    expect(() => limiter.take('first')).not.toThrow();
    expect(() => limiter.take('other-9999')).toThrow();
  });

  it('are answered 429 by the API, and when to ask again', async () => {
    const app = createAdminApi({
      ...{ title: '', version: '1', description: '', authenticate: () => undefined, report: () => undefined },
      rateLimit: { burst: 2, perSecond: 0.1 },
    });
    const answers = [];
    for (let one = 0; one < 3; one += 1) answers.push(await app.request('/api/v1/x'));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 429]);
    expect(Number(answers[2]?.headers.get('retry-after'))).toBeGreaterThan(5);
  });

  it('fill no audit log', async () => {
    const audited: AuditedRequest[] = [];
    const app = createAdminApi({
      ...{ title: '', version: '1', description: '', authenticate: () => undefined, report: () => undefined },
      audit: { append: (event) => audited.push(event) },
    });
    for (let one = 0; one < 300; one += 1) await app.request('/api/v1/x', { method: 'POST' });
    expect(audited.length).toBeLessThan(250);
  });
});
