import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpResponder } from './responder.ts';

const prefix = '/.well-known/acme-challenge/';
const hides: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const hide of hides.splice(0)) await hide();
});

async function show(responder: HttpResponder, token: string): Promise<() => Promise<void>> {
  const hide = await responder.show(token, `${token}.thumbprint`);
  hides.push(hide);
  return hide;
}

async function ask(responder: HttpResponder, path: string, method: 'GET' | 'POST' | 'HEAD' = 'GET') {
  const { port = 0 } = (await responder.address) ?? {};
  // Not by URL: that would tidy the path up.
  const client = new Client(`http://127.0.0.1:${port}`);
  const { statusCode, body } = await client.request({ path, method });
  const text = await body.text();
  await client.close();
  return { status: statusCode, text };
}

describe('the responder', () => {
  it('listens only while somebody wants to see a token', async () => {
    const responder = new HttpResponder({ host: '127.0.0.1', port: 0 });
    expect(responder.address).toBeUndefined();
    const hide = await show(responder, 'one');
    expect(await ask(responder, `${prefix}one`)).toEqual({ status: 200, text: 'one.thumbprint' });
    const another = await show(responder, 'two');
    await hide();
    expect(await ask(responder, `${prefix}one`)).toMatchObject({ status: 404 });
    expect(await ask(responder, `${prefix}two`)).toMatchObject({ status: 200 });
    await another();
    expect(responder.address).toBeUndefined();
  });

  it.each([
    '/',
    prefix,
    `${prefix}on`,
    `${prefix}one/`,
    `${prefix}one?x`,
    `${prefix}%6fne`,
    `${prefix}../acme-challenge/one`,
    `${prefix}constructor`,
    `/x${prefix}one`,
  ])('answers nothing at %s', async (path) => {
    const responder = new HttpResponder({ host: '127.0.0.1', port: 0 });
    await show(responder, 'one');
    expect(await ask(responder, path)).toEqual({ status: 404, text: '' });
  });

  it('answers who only reads', async () => {
    const responder = new HttpResponder({ host: '127.0.0.1', port: 0 });
    await show(responder, 'one');
    expect(await ask(responder, `${prefix}one`, 'HEAD')).toEqual({ status: 200, text: '' });
    expect(await ask(responder, `${prefix}one`, 'POST')).toEqual({ status: 404, text: '' });
  });

  it('says which setting chooses its port when that is taken; later it can have it', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const responder = new HttpResponder({ host: '127.0.0.1', port });
    await expect(responder.show('one', 'x')).rejects.toThrow('acme.listenPort');
    await new Promise((resolve) => other.close(resolve));
    await show(responder, 'one');
    expect(await ask(responder, `${prefix}one`)).toMatchObject({ status: 200 });
  });
});
