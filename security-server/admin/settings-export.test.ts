import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSoftwareToken, type Token } from '../../certs/token/index.ts';
import { everybodyIs } from '../../gateway/http/testing/principals.ts';
import type { ClientId } from '../../gateway/identifier/index.ts';
import { BodyPolicyStore } from '../body-policy/index.ts';
import { Notices } from '../notices/index.ts';
import { SettingsStore } from '../settings/index.ts';
import { type AdminContext, createServerAdmin } from './index.ts';

const member = { instance: 'DEV', memberClass: 'GOV', memberCode: '1' };
const client = (subsystemCode: string): ClientId => ({ ...member, kind: 'SUBSYSTEM', subsystemCode });

describe('the settings as one document', () => {
  let dir: string;
  let token: Token;
  const closers: (() => void)[] = [];

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'waygate-export-'));
    token = await createSoftwareToken(join(dir, 'token'), { pin: 'Correct-Horse-7', label: 'test' });
  });
  afterEach(() => {
    for (const close of closers.splice(0).reverse()) close();
    rmSync(dir, { recursive: true });
  });

  /** A server of that name of its files, and what asks it for its settings. */
  async function open(name: string) {
    const path = join(dir, `${name}.sqlite`);
    await SettingsStore.create(path, { ...member, kind: 'SERVER', serverCode: 'ss1' });
    const settings = await SettingsStore.open(path);
    const bodyPolicies = new BodyPolicyStore(join(dir, `${name}-policies.sqlite`));
    const notices = await Notices.open({
      ...{ db: settings.db, token, server: () => 'DEV:GOV:1:ss1', now: () => new Date() },
      expiries: async () => ({ at: new Date(), all: [], unreadable: [], isComplete: true }),
      onTrouble: () => undefined,
    });
    closers.push(
      () => settings.close(),
      () => bodyPolicies.close(),
    );
    const backups = { settings: () => ({ recipients: [], keepLast: 14, madeElsewhere: false }) };
    const context = { settings, bodyPolicies, notices, backups } as unknown as AdminContext;
    const unforeseen = (error: unknown) => {
      throw error;
    };
    const app = createServerAdmin(context, {
      ...{ version: '1', authenticate: everybodyIs(), report: unforeseen },
    });
    const ask = async () => {
      const response = await app.request('/api/v1/settings/export', {
        headers: { authorization: 'Bearer x' },
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    };
    return { settings, bodyPolicies, notices, ask };
  }

  const service = (serviceCode: string, url: string) => ({
    ...{ provider: client('a'), serviceCode, kind: 'REST' as const, url, timeoutMs: 30_000 },
    ...{ verifyTls: true, certificates: [], endpoints: [{ method: 'GET', path: '/x' }] },
  });

  async function fill(world: Awaited<ReturnType<typeof open>>, isTurned: boolean): Promise<void> {
    const { settings, bodyPolicies } = world;
    const inTurn = <Item>(items: Item[]) => (isTurned ? items.reverse() : items);
    for (const code of inTurn(['a', 'b'])) {
      await settings.putClient({
        ...{ id: client(code), status: 'registered', connectionType: 'NOSSL', certificates: [] },
      });
    }
    for (const code of inTurn(['one', 'two'])) await settings.putService(service(code, 'http://x.example/'));
    await settings.putLocalGroup({
      ...{ owner: client('a'), groupCode: 'g', description: 'of trials' },
      members: inTurn([client('b'), client('c')]),
    });
    for (const code of inTurn(['b', 'c'])) {
      await settings.giveRights(client('a'), 'one', [{ method: 'GET', path: '/x', subject: client(code) }]);
    }
    for (const scope of inTurn(['DEV:GOV:1', 'DEV:GOV:2'])) {
      bodyPolicies.put({ scope, side: 'provider', policy: { kind: 'days', days: 9 } });
    }
  }

  it('are the same for the same settings, whatever came first, and differ by what was changed', async () => {
    const [one, other] = [await open('one'), await open('other')];
    await fill(one, false);
    await fill(other, true);
    const [first, second] = [await one.ask(), await other.ask()];
    expect(first.status).toBe(200);
    expect(second.text).toBe(first.text);
    expect(first.headers.get('content-disposition')).toBe(
      'attachment; filename="settings-DEV_GOV_1_ss1.json"',
    );
    await other.settings.putService(service('two', 'http://elsewhere.example/'));
    const lines = first.text.split('\n');
    const changed = (await other.ask()).text.split('\n').filter((line, at) => line !== lines[at]);
    expect(changed.map((line) => line.trim())).toEqual(['"url": "http://elsewhere.example/",']);
  });

  it('hold clients with services, rights, limits and groups, and how long contents are kept', async () => {
    const world = await open('one');
    await fill(world, false);
    const limit = { consumer: 'each', requests: 5, periodSeconds: 60 } as const;
    await world.settings.setLimits(client('a'), 'one', [limit]);
    const document = JSON.parse((await world.ask()).text);
    expect(document).toMatchObject({
      ...{ format: 'waygate-security-server-settings', version: 1, server: 'DEV/GOV/1/ss1' },
      bodyPolicies: [{ scope: 'DEV:GOV:1' }, { scope: 'DEV:GOV:2' }],
    });
    expect(document.clients[0]).toMatchObject({
      id: 'DEV:GOV:1:a',
      services: [{ serviceCode: 'one' }, { serviceCode: 'two' }],
      accessRights: [{ subject: expect.stringContaining('DEV:GOV:1:b') }, {}],
      limits: [{ serviceCode: 'one', consumer: 'each', requests: 5, periodSeconds: 60 }],
      localGroups: [{ code: 'g', members: ['DEV:GOV:1:b', 'DEV:GOV:1:c'] }],
    });
  });

  it('hold nothing that is secret', async () => {
    const world = await open('one');
    await fill(world, false);
    await world.settings.putService(service('three', 'https://user:hidden-1@x.example/'));
    await world.notices.change({
      language: 'en',
      mail: {
        ...{ host: 'mail.example', port: 587, security: 'starttls', user: 'u', password: 'hidden-2' },
        ...{ sender: 'a@b.example', recipients: ['c@d.example'], certificates: [] },
      },
      webhook: { url: 'https://hooks.example/', secret: 'hidden-3 hidden-3', certificates: [] },
    });
    const { text } = await world.ask();
    expect(text).toContain('https://user:***@x.example/');
    expect(text).toContain('mail.example');
    expect(text).not.toMatch(/hidden-|sealed|PRIVATE KEY/i);
  });
});
