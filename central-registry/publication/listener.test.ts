import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { directoryPath } from './folder.ts';
import { Holding } from './holding.ts';
import { createPublicationServer } from './listener.ts';

let root: string;
let holding: Holding;
let taken: number;
let server: Server;
const reported: unknown[] = [];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'publication-'));
  taken = 0;
  holding = new Holding({ total: 4, perAddress: 4, longestMs: 3_600_000 });
  const take = holding.take.bind(holding);
  holding.take = (remote) => {
    taken += 1;
    return take(remote);
  };
  server = createPublicationServer({ root, holding, report: (error) => reported.push(error) });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  holding.close();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  rmSync(root, { recursive: true });
  expect(reported).toEqual([]);
});

it('who leaves while the directory is read holds no place', async () => {
  const path = directoryPath(root, 6, 'internal');
  mkdirSync(dirname(path), { recursive: true });
  // Read no sooner than something is written into it.
  const pipe = join(root, 'pipe');
  execFileSync('mkfifo', [pipe]);
  linkSync(pipe, path);
  const hasLeft = new Promise((resolve) =>
    server.once('connection', (socket) => socket.once('close', resolve)),
  );
  const reader = connect((server.address() as AddressInfo).port, '127.0.0.1', () =>
    reader.write(
      'GET /V6/internalconf HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\nPrefer: wait=99999\r\n\r\n',
    ),
  );
  // Opens only when the other end is read, and waits for nobody.
  let writing: number | undefined;
  await expect
    .poll(() => {
      writing = openIfRead(pipe);
      return writing;
    })
    .toBeDefined();
  reader.destroy();
  await hasLeft;
  unlinkSync(path);
  writeFileSync(path, 'directory');
  writeSync(writing ?? -1, 'directory');
  closeSync(writing ?? -1);
  await expect.poll(() => taken).toBe(1);
  await expect.poll(() => holding.count).toBe(0);
});

function openIfRead(pipe: string): number | undefined {
  try {
    return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') return undefined;
    throw error;
  }
}
