import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Listening, listen } from '../http/index.ts';
import { writeChunk } from './write-chunk.ts';

let handle: (outgoing: ServerResponse) => Promise<void>;
let listening: Listening;
let handled: Promise<void>;
beforeAll(async () => {
  const server = createServer((_incoming, outgoing) => {
    handled = handle(outgoing);
    handled.catch(() => undefined);
  });
  listening = await listen(server, '127.0.0.1', 0, 'none');
});
afterAll(() => listening.close());

const gone = () => new Error('gone');
const mebibyte = Buffer.alloc(1024 * 1024);
const ask = () => request(`http://127.0.0.1:${listening.port}`);

it('an answer is written as fast as it is taken', async () => {
  handle = async (outgoing) => {
    for (let count = 0; count < 5; count += 1) await writeChunk(outgoing, mebibyte, gone);
    outgoing.end();
  };
  const { body } = await ask();
  expect((await body.arrayBuffer()).byteLength).toBe(5 * mebibyte.length);
  await handled;
});

it('whoever went away while nothing was written is not waited for', async () => {
  handle = async (outgoing) => {
    await writeChunk(outgoing, Buffer.from('first'), gone);
    await once(outgoing, 'close');
    for (;;) await writeChunk(outgoing, mebibyte, gone);
  };
  const { body } = await ask();
  body.destroy();
  body.on('error', () => undefined);
  await expect(handled).rejects.toThrow('gone');
});

it('whoever goes away while they are waited for is not waited for any longer', async () => {
  handle = async (outgoing) => {
    for (;;) await writeChunk(outgoing, mebibyte, gone);
  };
  const { body } = await ask();
  body.once('readable', () => body.destroy());
  body.on('error', () => undefined);
  await expect(handled).rejects.toThrow('gone');
});
