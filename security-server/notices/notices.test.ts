import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSoftwareToken, type Token } from '../../certs/token/index.ts';
import { webIdentity } from '../acme/testing/web-identity.ts';
import type { Expiries, Expiry } from '../expiries/index.ts';
import { SettingsStore } from '../settings/index.ts';
import { Notices } from './index.ts';
import type { GivenSettings } from './settings.ts';
import { MailServer, type MailServerOptions, type ReceivedMail } from './testing/mail-server.ts';

const dayMs = 86_400_000;
const pin = 'Correct-Horse-7';
const account = { user: 'ss1', password: 'pässword-1' };

describe('notices', () => {
  let dir: string;
  let token: Token;
  let settings: SettingsStore;
  let identity: { key: string; cert: string };
  let notices: Notices;
  let mail: MailServer | undefined;
  let hook: Server | undefined;
  let posts: { headers: IncomingHttpHeaders; body: string }[];
  let hookStatus: number;
  let now: Date;
  let found: Expiries;
  let troubles: string[];

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-notices-'));
    token = await createSoftwareToken(join(dir, 'token'), { pin, label: 'test' });
    const path = join(dir, 'settings.sqlite');
    await SettingsStore.create(path, {
      ...{ kind: 'SERVER', instance: 'DEV', memberClass: 'GOV', memberCode: '1', serverCode: 'ss1' },
    });
    settings = await SettingsStore.open(path);
    identity = await webIdentity();
    now = new Date('2026-11-01T12:00:00Z');
    troubles = [];
    [posts, hookStatus] = [[], 204];
    [mail, hook] = [undefined, undefined];
    found = { at: now, all: [], unreadable: [], isComplete: true };
    notices = await open();
  });
  afterEach(async () => {
    await notices.close();
    await mail?.close();
    const server = hook;
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
    settings.close();
    rmSync(dir, { recursive: true });
  });

  const open = () =>
    Notices.open({
      ...{ db: settings.db, token, server: () => 'DEV:GOV:1:ss1', now: () => now },
      expiries: async () => ({ ...found, at: now }),
      onTrouble: (about) => troubles.push(about),
    });

  function ends(inDays: number, changes: Partial<Expiry> = {}): Expiry {
    const sha256 = changes.sha256 ?? 'aa';
    return {
      ...{ id: `signing ${sha256} DEV:GOV:1`, kind: 'signing', owner: 'DEV:GOV:1', sha256 },
      ...{ subject: 'CN=Agency', issuer: 'CN=Authority', notBefore: new Date('2025-01-01T00:00:00Z') },
      notAfter: new Date(Date.parse('2026-11-01T12:00:00Z') + inDays * dayMs),
      ...changes,
    };
  }

  const see = (...all: Expiry[]) => {
    found = { ...found, all };
  };
  const later = (days: number) => {
    now = new Date(now.getTime() + days * dayMs);
  };

  async function startMail(options: Partial<MailServerOptions> = {}): Promise<MailServer> {
    mail = await MailServer.start({ identity, account, ...options });
    return mail;
  }

  async function setMail(port: number, changes: Partial<GivenSettings['mail'] & object> = {}): Promise<void> {
    await notices.change({
      language: 'en',
      mail: {
        ...{ host: 'localhost', port, security: 'starttls', user: account.user, password: account.password },
        ...{ sender: 'ss1@agency.example', recipients: ['anna@agency.example'] },
        certificates: [identity.cert],
        ...changes,
      },
    });
  }

  async function startHook(): Promise<string> {
    hook = createServer((incoming, response) => {
      let body = '';
      incoming.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      incoming.on('end', () => {
        posts.push({ headers: incoming.headers, body });
        response.writeHead(hookStatus).end();
      });
    });
    await new Promise<void>((resolve) => hook?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`;
  }

  it('are sent once at each threshold, encrypted and signed in, over restarts', async () => {
    const server = await startMail();
    await setMail(server.port);
    see(ends(61));
    await notices.look();
    expect(server.received).toEqual([]);
    for (const days of [1, 30, 23, 6]) {
      later(days);
      await notices.look();
      await notices.look();
      await notices.close();
      notices = await open();
      await notices.look();
    }
    expect(server.received.map(subjectOf)).toEqual([
      'A certificate ends in 60 days: DEV:GOV:1:ss1',
      'A certificate ends in 30 days: DEV:GOV:1:ss1',
      'A certificate ends in 7 days: DEV:GOV:1:ss1',
      'A certificate ends in 1 day: DEV:GOV:1:ss1',
    ]);
    expect(server.received.every(({ wasEncrypted, user }) => wasEncrypted && user === 'ss1')).toBe(true);
    expect(new Set(server.received.map(idOf)).size).toBe(4);
    expect(textOf(server.received[0])).toContain('No message of this member can be signed');
    expect((await notices.sent()).map(({ days }) => days)).toEqual([1, 7, 30, 60]);
  });

  it('wait while the mail server is down, ever longer, and are lost neither by that nor by a restart', async () => {
    const server = await startMail();
    const { port } = server;
    await setMail(port);
    await server.close();
    see(ends(30));
    await notices.look();
    expect(troubles).toEqual(['notices by mail']);
    await notices.look();
    expect(troubles).toHaveLength(1);
    const [state] = await notices.states();
    expect(state).toMatchObject({ waiting: 1, failure: { code: 'connection-refused', count: 1 } });
    now = new Date(now.getTime() + 61_000);
    await notices.look();
    const [again] = await notices.states();
    expect(again?.failure?.count).toBe(2);
    expect((again?.failure?.nextAttemptAt.getTime() ?? 0) - now.getTime()).toBe(120_000);
    await notices.close();
    notices = await open();
    mail = await MailServer.start({ identity, account, port });
    await notices.look();
    await notices.look();
    expect(mail.received.map(subjectOf)).toEqual(['A certificate ends in 29 days: DEV:GOV:1:ss1']);
    expect(await notices.states()).toEqual([{ channel: 'mail anna@agency.example', waiting: 0 }]);
  });

  it('are no longer sent of what was replaced, and of what is unknown for a while still are', async () => {
    const server = await startMail();
    const { port } = server;
    await setMail(port);
    await server.close();
    const [old, other] = [ends(7), ends(7, { sha256: 'bb', id: 'authority bb DEV' })];
    see(old, other);
    await notices.look();
    expect((await notices.states())[0]?.waiting).toBe(2);
    found = { ...found, all: [{ ...old, replacedBy: 'cc' }], isComplete: false };
    later(0.5);
    await notices.look();
    expect((await notices.states())[0]?.waiting).toBe(2);
    found = { ...found, all: [{ ...old, replacedBy: 'cc' }, other], isComplete: true };
    mail = await MailServer.start({ identity, account, port });
    later(0.5);
    await notices.look();
    expect(mail.received.map(subjectOf)).toEqual(['A certificate ends in 6 days: DEV:GOV:1:ss1']);
    expect(textOf(mail.received[0])).toContain('SHA-256 bb');
    expect(textOf(mail.received[0])).not.toContain('SHA-256 aa');
  });

  it('reach each mail box by itself: one that is refused keeps no other from being told', async () => {
    const server = await startMail({
      answerRecipient: (address) => (address.startsWith('gone@') ? '550 5.1.1 nobody' : '250 ok'),
    });
    await setMail(server.port, { recipients: ['gone@agency.example', 'anna@agency.example'] });
    see(ends(7));
    await notices.look();
    expect(server.received.map(({ to }) => to)).toEqual([['anna@agency.example']]);
    expect(await notices.states()).toMatchObject([
      { channel: 'mail gone@agency.example', waiting: 1, failure: { code: 'recipient-refused' } },
      { channel: 'mail anna@agency.example', waiting: 0 },
    ]);
  });

  it('end no line by what a certificate is called', async () => {
    const server = await startMail();
    await setMail(server.port);
    const evil = 'CN=x\r\nBcc: all@evil.example\r\n\r\n.\r\nMAIL FROM:<a@b>\u2028\u202e';
    see(ends(7, { subject: evil, issuer: evil, owner: evil }));
    await notices.look();
    const [received] = server.received;
    expect(server.received).toHaveLength(1);
    expect(headOf(received)).not.toMatch(/^bcc/im);
    expect(textOf(received).split('\n')).not.toContain('.');
    expect(textOf(received)).not.toMatch(/^(Bcc|MAIL)/m);
    expect(server.commands.filter((line) => /^(MAIL|RCPT)/.test(line))).toHaveLength(2);
  });

  it.each([
    ['certificate-not-trusted', {}, { certificates: [] }],
    ['tls-not-offered', { offersStartTls: false }, {}],
    ['sign-in-refused', {}, { password: 'another' }],
    ['connection-failed', {}, { security: 'tls' as const }],
  ])('are explained as %s when the mail server does not take them (%j, %j)', async (code, offered, set) => {
    const server = await startMail(offered);
    await setMail(server.port, set);
    const [outcome] = await notices.test('mail');
    expect(outcome?.error?.code).toBe(code);
    expect(outcome?.error?.remedy).not.toBe('');
    expect(server.received).toEqual([]);
    // Neither password went over a connection that is not encrypted.
    if ('offersStartTls' in offered) expect(server.commands).not.toContain('AUTH');
  });

  it('reach a test when everything is right, over TLS from the first octet as well', async () => {
    const server = await startMail({ isSecure: true });
    await setMail(server.port, { security: 'tls' });
    expect(await notices.test('mail')).toEqual([{ channel: 'mail anna@agency.example' }]);
    expect(server.received).toMatchObject([{ wasEncrypted: true, user: 'ss1' }]);
    expect(await notices.test('webhook')).toMatchObject([{ channel: 'webhook', error: { code: 'not-set' } }]);
  });

  it('are posted to a webhook, signed, once it takes them', async () => {
    const url = await startHook();
    const secret = 'a secret of the receiver';
    await notices.change({ language: 'en', webhook: { url, secret, certificates: [] } });
    see(ends(60), ends(6, { sha256: 'bb', id: 'signing bb x' }));
    hookStatus = 503;
    await notices.look();
    expect(await notices.states()).toMatchObject([{ channel: 'webhook', failure: { code: 'not-taken' } }]);
    hookStatus = 204;
    later(1 / 24);
    await notices.look();
    await notices.look();
    expect(posts).toHaveLength(2);
    const [refused, taken] = posts.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(taken).toMatchObject({
      ...{ event: 'expiries', server: 'DEV:GOV:1:ss1', id: refused?.['id'] },
      notices: [
        { days: 7, sha256: 'bb', kind: 'signing' },
        { days: 60, sha256: 'aa' },
      ],
    });
    const { headers, body } = posts[1] ?? { headers: {}, body: '' };
    const expected = createHmac('sha256', secret).update(`${headers['x-waygate-timestamp']}.${body}`);
    expect(headers['x-waygate-signature']).toBe(`v1=${expected.digest('hex')}`);
  });

  it('wait for the PIN that opens their secrets', async () => {
    const server = await startMail();
    await setMail(server.port);
    token.deactivate();
    see(ends(7));
    await notices.look();
    expect(await notices.states()).toMatchObject([{ waiting: 1, failure: { code: 'token-signed-out' } }]);
    await token.activate(pin);
    later(1 / 24);
    await notices.look();
    expect(server.received).toHaveLength(1);
  });

  it('show no secret, and keep a password for the server that it is for', async () => {
    await setMail(2525);
    expect(notices.settings().mail).toMatchObject({ hasPassword: true });
    expect(JSON.stringify(notices.settings())).not.toMatch(/seal|p.ssword-1/);
    const { value } = await settings.db
      .selectFrom('server')
      .select('value')
      .where('name', '=', 'notices')
      .executeTakeFirstOrThrow();
    expect(value).not.toContain('ssword-1');
    const kept = { password: undefined, recipients: ['bert@agency.example'] };
    await setMail(2525, kept);
    expect(notices.settings().mail).toMatchObject({ hasPassword: true, recipients: kept.recipients });
    await expect(setMail(2526, kept)).rejects.toMatchObject({ code: 'password-needed' });
    await expect(setMail(2525, { ...kept, host: 'evil.example' })).rejects.toMatchObject({
      code: 'password-needed',
    });
    await expect(setMail(2525, { security: 'none' })).rejects.toMatchObject({ code: 'password-in-clear' });
    const webhook = { url: 'https://hooks.example/', certificates: [] };
    await expect(notices.change({ language: 'en', webhook })).rejects.toMatchObject({
      code: 'secret-needed',
    });
  });
});

function headOf(received: ReceivedMail | undefined): string {
  return received?.content.split('\r\n\r\n')[0] ?? '';
}

function headerOf(received: ReceivedMail, name: string): string {
  const unfolded = headOf(received).replace(/\r\n[ \t]+/g, ' ');
  return new RegExp(`^${name}: (.*)$`, 'im').exec(unfolded)?.[1] ?? '';
}

const subjectOf = (received: ReceivedMail) => headerOf(received, 'Subject');
const idOf = (received: ReceivedMail) => headerOf(received, 'Message-ID');

function textOf(received: ReceivedMail | undefined): string {
  if (received === undefined) return '';
  const body = received.content.split('\r\n\r\n').slice(1).join('\r\n\r\n');
  const encoding = headerOf(received, 'Content-Transfer-Encoding');
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  return encoding === 'quoted-printable' ? unquoted(body) : body;
}

function unquoted(body: string): string {
  const bytes = body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => `%${hex}`);
  return decodeURIComponent(bytes.replace(/%(?![0-9A-F]{2})/g, '%25'));
}
