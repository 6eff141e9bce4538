import { expect, it } from 'vitest';
import { behindProxies, proxiesSchema } from './proxies.ts';

const addressBehind = async (proxies: readonly string[], peer: string, header?: string) => {
  const seen: unknown[] = [];
  const fetch = behindProxies(proxies, (_, env) => {
    seen.push((env as { incoming: { socket: { remoteAddress: string } } }).incoming.socket.remoteAddress);
    return new Response();
  });
  const headers = header === undefined ? {} : { 'x-forwarded-for': header };
  await fetch(new Request('http://localhost/', { headers }), {
    incoming: { socket: { remoteAddress: peer } },
  });
  return seen[0];
};

it.each<[readonly string[], string, string | undefined, string]>([
  // Nobody is believed unless they are named as a proxy.
  [[], '127.0.0.1', '203.0.113.9', '127.0.0.1'],
  [['10.0.0.1'], '203.0.113.9', '198.51.100.1', '203.0.113.9'],
  [['127.0.0.1'], '127.0.0.1', '203.0.113.9', '203.0.113.9'],
  [['127.0.0.1'], '::ffff:127.0.0.1', '2001:DB8::1', '2001:db8::1'],
  // What the caller said of itself stands before what the proxy added.
  [['127.0.0.1'], '127.0.0.1', '198.51.100.1, 203.0.113.9', '203.0.113.9'],
  [['127.0.0.1', '10.0.0.1'], '127.0.0.1', '198.51.100.1, 203.0.113.9, 10.0.0.1', '203.0.113.9'],
  [['127.0.0.1'], '127.0.0.1', undefined, '127.0.0.1'],
  [['127.0.0.1'], '127.0.0.1', '203.0.113.9, nonsense', '127.0.0.1'],
  [['127.0.0.1'], '127.0.0.1', '127.0.0.1', '127.0.0.1'],
  [['127.0.0.1'], '127.0.0.1', `${'1.1.1.1,'.repeat(10_000)}203.0.113.9`, '203.0.113.9'],
])('proxies %j, connected %s, named %#: the address is %4$s', async (proxies, peer, header, address) => {
  expect(await addressBehind(proxies, peer, header)).toBe(address);
});

it('proxies are named by their addresses, in a list or in text', () => {
  expect(proxiesSchema.parse('127.0.0.1, ::1')).toEqual(['127.0.0.1', '::1']);
  expect(proxiesSchema.parse(['10.0.0.1'])).toEqual(['10.0.0.1']);
  for (const wrong of ['', 'localhost', '10.0.0.0/8', ['x']]) {
    expect(proxiesSchema.safeParse(wrong).success).toBe(false);
  }
});
