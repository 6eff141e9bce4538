import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { everybodyIs } from '../../gateway/http/testing/principals.ts';
import { webIdentity } from '../acme/testing/web-identity.ts';
import { collectExpiries } from '../expiries/index.ts';
import { Notices } from '../notices/index.ts';
import { MailServer } from '../notices/testing/mail-server.ts';
import { ownCertificates } from '../signer/index.ts';
import { type AdminWorld, openAdminWorld } from '../testing/admin-world.ts';
import { type AdminContext, createServerAdmin } from './index.ts';

describe('what ends, and who is told', () => {
  let world: AdminWorld;
  let notices: Notices;
  let mail: MailServer;
  let app: ReturnType<typeof createServerAdmin>;
  let identity: { key: string; cert: string };

  beforeEach(async () => {
    world = await openAdminWorld();
    const { settings, token, services } = world;
    const expiries = () =>
      collectExpiries({
        ...{
          settings: () => settings.current(),
          anchor: { instance: 'DEV', sources: [] },
          now: services.now,
        },
        certificates: () => ownCertificates(settings.db),
        configuration: () => services.configuration,
        renewals: () => [],
      });
    notices = await Notices.open({
      ...{ db: settings.db, token, expiries, server: () => 'DEV:GOV:1:ss1', now: services.now },
      onTrouble: () => undefined,
    });
    identity = await webIdentity();
    mail = await MailServer.start({ identity });
    const context = { settings, expiries, notices } as unknown as AdminContext;
    const unforeseen = (error: unknown) => {
      throw error;
    };
    app = createServerAdmin(context, {
      ...{ version: '1', authenticate: everybodyIs(), report: unforeseen },
    });
  });
  afterEach(async () => {
    await notices.close();
    await mail.close();
    await world.close();
  });

  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is for its test to say
  async function ask(method: string, path: string, body?: object): Promise<{ status: number; body: any }> {
    const response = await app.request(`/api/v1${path}`, {
      method,
      headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  const mailSettings = () => ({
    ...{ host: 'localhost', port: mail.port, security: 'starttls', sender: 'ss1@agency.example' },
    ...{ recipients: ['anna@agency.example'], certificates: [identity.cert] },
  });

  it('are listed with what stops and the remedy, what ends first first, page by page', async () => {
    const { status, body } = await ask('GET', '/expiries?language=de&limit=2');
    expect(status).toBe(200);
    expect(body).toHaveLength(2);
    expect(body[0].notAfter <= body[1].notAfter).toBe(true);
    const { body: authorities } = await ask('GET', '/expiries?q=DEV%3A%20Test');
    expect(authorities[0]).toMatchObject({ kind: 'authority', owner: 'DEV: Test', who: 'registry' });
    expect(authorities[0].stops).not.toBe('');
  });

  it('are set, shown without secrets, and tried', async () => {
    const secret = 'a secret of the receiver';
    const webhook = { url: 'https://hooks.example/x', secret };
    const set = await ask('PUT', '/notice-settings', { mail: mailSettings(), webhook });
    expect(set.status).toBe(200);
    expect(JSON.stringify(set.body)).not.toContain(secret);
    expect(await ask('GET', '/notice-settings')).toEqual(set);
    const tried = await ask('POST', '/notice-tests', { kind: 'mail' });
    expect(tried.body).toEqual([{ receiver: 'mail anna@agency.example', isSent: true }]);
    expect(mail.received).toHaveLength(1);
    await mail.close();
    const refused = await ask('POST', '/notice-tests', { kind: 'mail' });
    expect(refused.body).toMatchObject([
      { isSent: false, problem: { code: 'connection-refused', remedy: expect.stringContaining('port') } },
    ]);
    expect((await ask('GET', '/notices')).body.receivers).toHaveLength(2);
  });

  it.each([
    ['a line end in a recipient', { mail: { recipients: ['a@b.example\r\nRCPT TO:<x@y>'] } }],
    ['a second address', { mail: { recipients: ['a@b.example, x@y.example'] } }],
    ['a line end in a sender', { mail: { sender: 'a@b.example\nBcc: x@y.example' } }],
    ['a host that is more than a name', { mail: { host: 'mail.example/../x' } }],
    ['a webhook in the clear', { webhook: { url: 'http://hooks.example/' } }],
    ['a webhook with a user', { webhook: { url: 'https://a:b@hooks.example/' } }],
    ['a webhook that is no address of the web', { webhook: { url: 'file:///etc/passwd' } }],
    ['a secret that is guessed', { webhook: { url: 'https://hooks.example/', secret: 'short' } }],
    ['what is no certificate', { mail: { certificates: ['no'] } }],
  ])('are not set to %s', async (_, wrong: { mail?: object; webhook?: object }) => {
    const { status } = await ask('PUT', '/notice-settings', {
      ...(wrong.mail !== undefined && { mail: { ...mailSettings(), ...wrong.mail } }),
      ...(wrong.webhook !== undefined && {
        webhook: { secret: 'a secret of the receiver', ...wrong.webhook },
      }),
    });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect((await ask('GET', '/notice-settings')).body).toEqual({ language: 'en' });
  });
});
