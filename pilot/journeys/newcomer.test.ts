import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** First of the ports this journey uses; the README's are left alone. */
const portBase = 31_100;

function run(command: string, cwd: string): Promise<{ readonly status: number; readonly stdout: string }> {
  return new Promise((done) => {
    execFile('/bin/sh', ['-c', command], { cwd }, (error, stdout) => {
      done({ status: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout });
    });
  });
}

const hasCurl = spawnSync('curl', ['--version']).status === 0;

describe.skipIf(!hasCurl)('a newcomer with the README (needs curl)', () => {
  let dir: string;
  let program: ChildProcess;
  let printed = '';

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-newcomer-'));
    const args = [resolve('dist/bin/waygate.js'), 'pilot', '--port-base', String(portBase)];
    program = spawn(process.execPath, args, { cwd: dir, stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((done, fail) => {
      program.once('exit', (code) => fail(new Error(`the pilot ended with ${code}`)));
      program.stdout?.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
        if (printed.includes('Ctrl+C')) done();
      });
    });
  });

  afterAll(async () => {
    const ended = new Promise((done) => program.once('exit', done));
    program.kill('SIGINT');
    await ended;
    rmSync(dir, { recursive: true, force: true });
  });

  const line = (pattern: RegExp) => {
    const found = printed.split('\n').find((text) => pattern.test(text));
    if (found === undefined) throw new Error(`the pilot printed no line like ${pattern}`);
    return found.trim().replace('npx waygate', `${process.execPath} ${resolve('dist/bin/waygate.js')}`);
  };

  it('makes an exchange with the printed curl line, and verifies its container with the printed command', async () => {
    const exchange = await run(line(/curl -H/), dir);
    expect(JSON.parse(exchange.stdout)).toMatchObject({ code: 'P-1001' });
    expect((await run(line(/curl -s -o/), dir)).status).toBe(0);
    const verdict = await run(line(/audit verify/), dir);
    expect([verdict.status, verdict.stdout.includes('valid')]).toEqual([0, true]);
    // The same bytes with one of them changed are refused.
    await run(`printf 'X' | dd of=request.asice bs=1 seek=200 conv=notrunc 2>/dev/null`, dir);
    expect((await run(line(/audit verify/), dir)).status).toBe(1);
  });

  it('finds the same commands in the README', () => {
    const readme = readFileSync('README.md', 'utf8');
    const shown = printed
      .replaceAll(String(portBase + 6), '9106')
      .replaceAll(String(portBase + 3), '9103')
      .replaceAll('./pilot-data', 'pilot-data');
    for (const pattern of [/curl -H .*/, /curl -s -o .*/, /npx waygate audit verify .*/]) {
      expect(readme).toContain(pattern.exec(shown)?.[0]);
    }
  });

  it('asks the same register over SOAP, as the README says', async () => {
    const readme = readFileSync('README.md', 'utf8');
    const command = /^curl .*person-details\.xml .*$/m
      .exec(readme)?.[0]
      .replace('9106', String(portBase + 6));
    const { stdout } = await run(command ?? 'false', resolve('.'));
    expect(stdout).toContain('<p:name>Alva Lindqvist</p:name>');
    expect(stdout).toContain('requestHash');
  });

  it('takes the configuration and verifies it, parts and all', async () => {
    const waygate = `${process.execPath} ${resolve('dist/bin/waygate.js')}`;
    const fetched = await run(
      `${waygate} config verify --json --anchor pilot-data/city/configuration-anchor.xml --url http://127.0.0.1:${portBase}/internalconf --into taken`,
      dir,
    );
    const parts = JSON.parse(fetched.stdout).parts as readonly { identifier: string; valid: boolean }[];
    expect([fetched.status, parts.filter(({ valid }) => !valid)]).toEqual([0, []]);
    expect(parts.map(({ identifier }) => identifier).sort()).toEqual([
      'PRIVATE-PARAMETERS',
      'REGISTRY-HISTORY',
      'SHARED-PARAMETERS',
    ]);
  });

  it('is told who asks for what', async () => {
    const waygate = `${process.execPath} ${resolve('dist/bin/waygate.js')}`;
    const service = 'PILOT/GOV/1001/population/register/persons/P-1002';
    const call = (client: string) =>
      run(
        `${waygate} call --json --server http://127.0.0.1:${portBase + 6} --client ${client} ${service}`,
        dir,
      );
    expect(JSON.parse((await call('PILOT/MUN/2001/portal')).stdout)).toMatchObject({
      status: 200,
      error: null,
    });
    const refused = await call('PILOT/MUN/2001/nobody');
    expect([refused.status, JSON.parse(refused.stdout).error]).toEqual([
      1,
      'server.clientproxy.unknown_member',
    ]);
  });
});
