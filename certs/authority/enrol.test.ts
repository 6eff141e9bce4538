import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSoftwareToken, type Token } from '../token/index.ts';
import { buildName, createRequest, parseCertificate, toPem } from '../x509/index.ts';
import { createAuthority, openAuthority, type RunningAuthority, startAuthority } from './index.ts';

const pin = 'Correct-Horse-7';
const secret = 'secret-of-the-authority';
const applicant = { instance: 'TEST', memberClass: 'GOV', memberCode: '1003', memberName: 'Agency' };
const inADay = () => new Date(Date.now() + 86_400_000).toISOString();

let dir: string;
let running: RunningAuthority;
let token: Token;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'waygate-enrol-'));
  running = await start(await createAuthority(join(dir, 'authority'), { name: 'Test', pin }));
  token = await createSoftwareToken(join(dir, 'token'), { pin, label: 'applicant' });
});
afterAll(async () => {
  await running.close();
  rmSync(dir, { recursive: true });
});

function start(authority: Awaited<ReturnType<typeof openAuthority>>) {
  const report = (error: unknown) => {
    throw error;
  };
  return startAuthority({ authority, host: '127.0.0.1', port: 0, issueSecret: secret, report });
}

async function post(path: string, bearer: string, body: unknown) {
  const response = await fetch(`${running.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}` },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

async function open(expiresAt = inADay()): Promise<string> {
  const { status, text } = await post('/enrolments', secret, { applicant, profile: 'basic', expiresAt });
  expect(status).toBe(201);
  return (JSON.parse(text) as { token: string }).token;
}

async function newRequest(): Promise<string> {
  const { id } = await token.generateKey({ type: 'ec', curve: 'P-256' }, 'x');
  const der = await createRequest({ subject: buildName({ CN: 'x' }) }, token.signingKey(id));
  return toPem(der, 'CERTIFICATE REQUEST');
}

describe('a token of the authority', () => {
  it('opens one certificate of each kind, in the name it was opened for', async () => {
    const opened = await open();
    for (const kind of ['signing', 'authentication']) {
      const request = await newRequest();
      const { status, text } = await post('/enrol', opened, { request, kind, dnsName: 'ss.example.org' });
      expect(status).toBe(200);
      expect(parseCertificate(Buffer.from(text)).subject.toString()).toContain(
        kind === 'signing' ? 'CN=Agency' : 'CN=ss.example.org',
      );
      // The answer that was lost is told again; nobody else is served under the same token.
      expect(await post('/enrol', opened, { request, kind })).toEqual({ status: 200, text });
      expect((await post('/enrol', opened, { request: await newRequest(), kind })).status).toBe(409);
    }
  });

  it('serves one of many requests that race', async () => {
    const opened = await open();
    const requests = await Promise.all(Array.from({ length: 20 }, newRequest));
    const answers = await Promise.all(
      requests.map((request) => post('/enrol', opened, { request, kind: 'signing' })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
  });

  it('holds after a restart, and is written down nowhere', async () => {
    const opened = await open();
    expect(readFileSync(join(dir, 'authority', 'enrolments.json'), 'utf8')).not.toContain(opened);
    await running.close();
    running = await start(await openAuthority(join(dir, 'authority'), { pin }));
    const request = await newRequest();
    expect((await post('/enrol', opened, { request, kind: 'signing' })).status).toBe(200);
  });

  it('opens nothing after it expired', async () => {
    let at = new Date();
    const authority = await createAuthority(join(dir, 'late'), { name: 'Test', pin, now: () => at });
    const late = await start(authority);
    try {
      const opened = await authority.enrolments.add(
        { applicant, profile: 'basic', kinds: ['signing'], expiresAt: new Date(at.getTime() + 1000) },
        at,
      );
      at = new Date(at.getTime() + 1001);
      const body = JSON.stringify({ request: await newRequest(), kind: 'signing' });
      const headers = { authorization: `Bearer ${opened}` };
      expect((await fetch(late.enrolUrl, { method: 'POST', headers, body })).status).toBe(401);
    } finally {
      await late.close();
    }
  });
});

describe('what is refused', () => {
  it.each([
    ['a token that was never opened', 'nobody', { kind: 'signing' }, 401],
    ['the secret of the authority as a token', secret, { kind: 'signing' }, 401],
  ])('%s', async (_, bearer, body, status) => {
    expect((await post('/enrol', bearer, body)).status).toBe(status);
  });

  it.each([
    ['another kind', { kind: 'tls-server' }],
    ['no kind', {}],
    ['a request that is none', { kind: 'signing', request: 'x' }],
    ['no request', { kind: 'signing', request: undefined }],
    ['a host that is none', { kind: 'signing', dnsName: 'a\nb' }],
    ['a list', []],
    ['what is not JSON', '{'],
  ])('%s', async (_, body) => {
    const opened = await open();
    const asked =
      typeof body === 'string' || Array.isArray(body) ? body : { request: await newRequest(), ...body };
    expect((await post('/enrol', opened, asked)).status).toBe(400);
  });

  it('enrolments that nobody vouches for, or that are open for years', async () => {
    const body = { applicant, profile: 'basic', expiresAt: inADay() };
    expect((await post('/enrolments', 'x', body)).status).toBe(401);
    for (const bad of [
      { expiresAt: '2999-01-01T00:00:00Z' },
      { expiresAt: 'tomorrow' },
      { expiresAt: '2001-01-01T00:00:00Z' },
      { profile: 'toString' },
      { applicant: { ...applicant, memberCode: '' } },
    ]) {
      expect((await post('/enrolments', secret, { ...body, ...bad })).status).toBe(400);
    }
  });
});
