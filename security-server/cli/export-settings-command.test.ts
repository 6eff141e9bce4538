import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Listening, listen } from '../../gateway/http/index.ts';
import { exportSettingsCommand } from './export-settings-command.ts';

const document = '{\n  "version": 1\n}\n';
let data: string;
let listening: Listening;
let asked: (string | undefined)[];

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'waygate-export-command-'));
  writeFileSync(join(data, 'api-key'), 'a-key-of-the-server\n');
  asked = [];
  const server = createServer(({ method, url, headers }, response) => {
    asked.push(`${method} ${url} ${headers.authorization}`);
    response.setHeader('content-type', 'application/json').end(document);
  });
  listening = await listen(server, '127.0.0.1', 0, 'none');
});
afterEach(async () => {
  await listening.close(0);
  rmSync(data, { recursive: true });
});

const run = (out: string) => {
  const places = ['--data', data, '--admin', `http://127.0.0.1:${listening.port}`, '--out', out];
  return exportSettingsCommand().parseAsync(places, { from: 'user' });
};

it('the settings are written as they came, into a new file for its owner alone', async () => {
  const out = join(data, 'settings.json');
  await run(out);
  expect(asked).toEqual(['GET /api/v1/settings/export Bearer a-key-of-the-server']);
  expect(readFileSync(out, 'utf8')).toBe(document);
  expect(statSync(out).mode & 0o777).toBe(0o600);
});

it('what was exported before is not written over: it is what this is compared with', async () => {
  const out = join(data, 'settings.json');
  writeFileSync(out, 'before');
  await expect(run(out)).rejects.toMatchObject({ code: 'EEXIST' });
  expect(readFileSync(out, 'utf8')).toBe('before');
});
