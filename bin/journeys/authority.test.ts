import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOcspRequest, parseOcspResponse } from '../../certs/ocsp/index.ts';
import { parseCertificate } from '../../certs/x509/index.ts';
import { waygate } from './run.ts';

describe('waygate authority', () => {
  let folder: string;
  let data: string;
  let pinFile: string;
  let child: ChildProcess | undefined;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'waygate-authority-'));
    data = join(folder, 'authority');
    pinFile = join(folder, 'pin.txt');
    writeFileSync(pinFile, 'Correct-Horse-7\n');
  });
  afterAll(() => {
    child?.kill();
    rmSync(folder, { recursive: true });
  });

  it('founds an authority once, with secrets for its owner alone', async () => {
    const init = () =>
      waygate('authority', 'init', '--data', data, '--name', 'Small', '--pin-file', pinFile, '--json');
    const { status, stdout } = await init();
    expect([status, JSON.parse(stdout)]).toMatchObject([0, { subject: 'O=Small, CN=Small CA' }]);
    const open = readdirSync(data).filter((name) => (statSync(join(data, name)).mode & 0o077) !== 0);
    expect(open.toSorted()).toEqual(['ca.pem', 'ocsp.pem', 'tsa.pem']);
    const again = await init();
    expect([again.status, again.stdout]).toEqual([2, '']);
  });

  it('is trusted by an instance that is founded with it', async () => {
    const init = ['registry', 'init', '--data', join(folder, 'registry'), '--instance', 'CITY'];
    const own = ['--with-authority', data, '--authority-url', 'http://ca.example:4051/'];
    const { status, stdout, stderr } = await waygate(...init, '--pin-file', pinFile, ...own);
    expect([status, stderr]).toEqual([0, '']);
    const start = `waygate authority start --data ${data} --host 0.0.0.0 --port 4051 --public-url http://ca.example:4051\n`;
    expect(stdout).toContain(start);
    const lone = await waygate(...init, '--pin-file', pinFile, ...own.slice(2));
    expect([lone.status, lone.stderr]).toEqual([2, expect.stringContaining('--with-authority')]);
  });

  it('serves it where it is told, under the address that is written into certificates', async () => {
    const args = ['authority', 'start', '--data', data, '--pin-file', pinFile, '--port', '0', '--json'];
    child = spawn(process.execPath, ['dist/bin/waygate.js', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await new Promise<string[]>((resolve) => {
      createInterface({ input: child?.stdout ?? process.stdin }).once('line', (text) => resolve([text]));
    });
    const { url, ocspUrl } = JSON.parse(line ?? '') as { url: string; ocspUrl: string };
    const ca = parseCertificate(readFileSync(join(data, 'ca.pem')));
    const answer = await request(ocspUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/ocsp-request' },
      body: createOcspRequest(ca, ca),
    });
    const der = Buffer.from(await answer.body.arrayBuffer());
    expect(parseOcspResponse(der).responses[0]?.status).toBe('good');
    expect((await request(`${url}/enrolments`, { method: 'POST', body: '{}' })).statusCode).toBe(401);
    const exited = new Promise<number | null>((resolve) => child?.once('exit', resolve));
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });

  it('says what is missing, with exit status 2', async () => {
    for (const args of [
      ['start', '--data', join(folder, 'none'), '--pin-file', pinFile],
      ['start', '--data', data, '--pin-file', join(folder, 'none')],
      ['start', '--data', data, '--port', '99999'],
      ['start', '--data', data, '--public-url', 'ftp://x'],
    ]) {
      const { status, stdout, stderr } = await waygate('authority', ...args);
      expect([args, status, stdout, stderr === '']).toEqual([args, 2, '', false]);
    }
    writeFileSync(pinFile, 'wrong');
    expect((await waygate('authority', 'start', '--data', data, '--pin-file', pinFile)).status).toBe(2);
  });
});
