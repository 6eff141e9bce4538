import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
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
  const isAsked = new Promise((resolve) => server.once('request', resolve));
  const hasLeft = new Promise((resolve) =>
    server.once('connection', (socket) => socket.once('close', resolve)),
  );
  const reader = connect((server.address() as AddressInfo).port, '127.0.0.1', () =>
    reader.write(
      'GET /V6/internalconf HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\nPrefer: wait=99999\r\n\r\n',
    ),
  );
  await isAsked;
  reader.destroy();
  await hasLeft;
  unlinkSync(path);
  writeFileSync(path, 'directory');
  writeFileSync(pipe, 'directory');
  await expect.poll(() => taken).toBe(1);
  await expect.poll(() => holding.count).toBe(0);
});
