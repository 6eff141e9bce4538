import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { configHistoryCommand } from './history-command.ts';

let dir: string;
let server: Server;
let answer: unknown;
let asked: { readonly path: string | undefined; readonly body: string }[];
let out: string;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'waygate-history-command-'));
  writeFileSync(join(dir, 'api-key'), 'secret\n');
  asked = [];
  out = '';
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    asked.push({ path: request.url, body: Buffer.concat(chunks).toString() });
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(async () => {
  vi.restoreAllMocks();
  process.exitCode = 0;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
  rmSync(dir, { recursive: true });
});

async function run(...args: readonly string[]): Promise<unknown> {
  const { port } = server.address() as AddressInfo;
  const access = ['--server', `http://127.0.0.1:${port}`, '--api-key-file', join(dir, 'api-key')];
  process.exitCode = 0;
  await configHistoryCommand().parseAsync([...access, ...args], { from: 'user' });
  return process.exitCode;
}

const trouble = { code: 'registry-history-forked', text: 'x', at: '2026-11-24T00:00:00Z' };

it.each([
  ['nothing wrong', { checkpoint: 'note\n' }, 'note\n', 0],
  ['something wrong now', { checkpoint: 'note\n', trouble }, 'note\n', 1],
  ['something that was wrong once', { checkpoint: 'note\n', conflict: trouble }, 'note\n', 1],
  ['no history', {}, '', 0],
] as const)('prints the note alone: %s', async (_name, state, printed, code) => {
  answer = state;
  expect(await run()).toBe(code);
  expect(out).toBe(printed);
});

it.each([
  ['same', 0],
  ['consistent', 0],
  ['forked', 1],
  ['ahead', 2],
] as const)('compares a note from a file: %s', async (verdict, code) => {
  answer = { verdict, theirs: 3, ours: 4 };
  writeFileSync(join(dir, 'note'), 'their note\n');
  expect(await run('--compare', join(dir, 'note'))).toBe(code);
  expect(asked).toEqual([
    { path: '/api/v1/registry-history/compare', body: JSON.stringify({ checkpoint: 'their note\n' }) },
  ]);
  expect(out).toContain(`${verdict}: `);
});
