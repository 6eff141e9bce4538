import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { listen } from '../../gateway/http/index.ts';
import { isAllowed, tryToReach } from './reach.ts';

const outcomesOf = async (...question: Parameters<typeof tryToReach>) =>
  (await tryToReach(...question)).map(({ outcome }) => outcome);

describe('forged requests by way of the announced address', () => {
  it.each([
    ['169.254.169.254', 'link-local, where clouds hand out credentials'],
    ['0.0.0.0', 'this machine by another name'],
    ['::', 'the same'],
    ['224.0.0.1', 'many at once'],
    ['255.255.255.255', 'all at once'],
    ['::ffff:127.0.0.1', 'this machine, mapped'],
    ['::ffff:169.254.169.254', 'link-local, mapped'],
    ['64:ff9b::7f00:1', 'this machine, translated'],
    ['2002:7f00:1::', 'this machine, tunnelled'],
    ['fe80::1', 'link-local'],
    ['fe80::1%lo', 'link-local with a zone'],
    ['ff02::1', 'many at once'],
  ])('never go to %s: %s', (address) => {
    for (const setting of ['public', 'private', 'loopback'] as const) {
      expect(isAllowed(address, setting), setting).toBe(false);
    }
  });

  it.each(['10.1.2.3', '172.16.0.1', '192.168.1.1', '100.64.0.1', 'fd00::1'])(
    'go to private networks only when a setting says so: %s',
    (address) => {
      expect(isAllowed(address, 'public')).toBe(false);
      expect(isAllowed(address, 'private')).toBe(true);
    },
  );

  it.each(['127.0.0.1', '127.255.255.254', '::1'])('go to this machine only in trials: %s', (address) => {
    expect(isAllowed(address, 'private')).toBe(false);
    expect(isAllowed(address, 'loopback')).toBe(true);
  });

  it('go elsewhere', () => {
    expect(isAllowed('8.8.8.8', 'public')).toBe(true);
    expect(isAllowed('2a00:1450::1', 'public')).toBe(true);
  });

  it('are not made when one of the addresses of a name is not allowed', async () => {
    const connections: unknown[] = [];
    const server = createServer((socket) => {
      connections.push(socket.destroy());
    });
    const { port } = await listen(server as never, '127.0.0.1', 0, '--port');
    const settings = { ports: [port], addresses: 'private' } as const;
    const resolve = async () => ['10.0.0.1', '127.0.0.1'];
    expect(await outcomesOf('rebinding.example.org', settings, resolve)).toEqual(['address-not-allowed']);
    expect(await outcomesOf('127.0.0.1', settings)).toEqual(['address-not-allowed']);
    expect(connections).toEqual([]);
    await new Promise<void>((done) => server.close(() => done()));
  });

  it('connect to what was judged, not to what the name says a moment later', async () => {
    const server = createServer((socket) => socket.destroy());
    const { port } = await listen(server as never, '127.0.0.1', 0, '--port');
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      return ['127.0.0.1'];
    };
    const settings = { ports: [port], addresses: 'loopback' } as const;
    expect(await outcomesOf('no-such-host.invalid', settings, resolve)).toEqual(['no-tls']);
    expect(asked).toBe(1);
    await new Promise<void>((done) => server.close(() => done()));
  });

  it('say that a name is not known', async () => {
    const settings = { ports: [5500, 5577], addresses: 'public' } as const;
    expect(await outcomesOf('x.invalid', settings, async () => [])).toEqual(['unknown-name', 'unknown-name']);
  });
});
