import { createHmac } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Listening, listen } from '../../gateway/http/index.ts';
import { freePorts } from '../../gateway/http/testing/free-ports.ts';
import { bodyOf, startNetwork, type TestNetwork } from '../../gateway/journeys/network.ts';
import { commandsOf, finished, Programs } from '../../gateway/journeys/testing/programs.ts';
import { adminClient } from '../../pilot/admin-client.ts';

const pin = 'Correct-Horse-7';
const webhookSecret = 'secret-of-the-webhook';
const registryArgs = () => ['--data', join(network.data, 'registry'), '--admin', network.registry.adminUrl];

let network: TestNetwork;
let folder: string;
let webhook: Listening;
const told: { headers: IncomingHttpHeaders; body: string }[] = [];
const programs = new Programs({ WAYGATE_SERVER_JOIN_WEBHOOK_SECRET: webhookSecret });

beforeAll(async () => {
  network = await startNetwork();
  folder = await mkdtemp(join(tmpdir(), 'waygate-joining-'));
  await writeFile(join(folder, 'pin.txt'), `${pin}\n`);
  await writeFile(join(folder, 'webhook.txt'), webhookSecret);
  let refusals = 1;
  const server = createServer(async (incoming, response) => {
    const body = (await bodyOf(incoming)).toString('utf8');
    // Refused once: it has to come again.
    if (refusals-- > 0) return void response.writeHead(503).end();
    told.push({ headers: incoming.headers, body });
    return void response.writeHead(204).end();
  });
  webhook = await listen(server, '127.0.0.1', 0, 'none');
});
afterAll(async () => {
  programs.end('SIGKILL');
  await webhook?.close(100);
  await network?.close();
  await rm(folder, { recursive: true, force: true });
});

const waygate = (...args: readonly string[]) => programs.run(...args);

interface Invited {
  readonly id: string;
  readonly invitation: string;
}

async function invite(code: string, name: string): Promise<Invited> {
  const about = ['--class', 'GOV', '--code', code, '--name', name, '--contact', 'anna@agency.example'];
  const out = await finished(waygate('registry', 'invite', ...registryArgs(), ...about, '--json'));
  return JSON.parse(out) as Invited;
}

/** The settings of a server of its own on this machine. */
async function serverArgs(name: string, host: string): Promise<string[]> {
  const peers = String(network.ports.peers);
  const first = await freePorts(3);
  const file = join(folder, `${name}.yaml`);
  const settings = {
    ...{ data: join(folder, name), pinFile: join(folder, 'pin.txt'), peerHost: host, peerPort: peers },
    ...{ instancePeerPort: peers, clientPort: first, clientTlsPort: first + 1, adminPort: first + 2 },
    ...{ configurationPollSeconds: 0.5, operationalDataOffsetSeconds: 1, logLevel: 'warn' },
  };
  await writeFile(file, JSON.stringify(settings));
  return ['--settings', file];
}

interface Checklist {
  readonly state: string;
  readonly checklist: readonly { readonly code: string; readonly state: string; readonly awaits?: string }[];
  readonly requests: readonly { readonly kind: string; readonly status: string }[];
  readonly connections: readonly { readonly outcome: string }[];
}

interface JoinView {
  readonly result: string;
  readonly isRunning: boolean;
  readonly steps: readonly { readonly code: string; readonly state: string }[];
}

const checklistOf = (id: string) => network.registryAdmin.get<Checklist>(`/invitations/${id}`);

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await isSo()); waited += 50) {
    if (waited > 30_000) throw new Error(`${what}: not within half a minute`);
    await sleep(50);
  }
}

describe('an administration that was invited', () => {
  it('joins, is killed at every turn on its way, goes on, and exchanges its first signed message', async () => {
    const { id, invitation } = await invite('1003', 'Maritime Agency');
    const settings = await serverArgs('maritime', '127.0.0.3');
    const first = ['--address', '127.0.0.3', '--subsystem', 'vessels=Vessel register'];
    const turns = [
      'redeem the invitation',
      'found the security server',
      'make keys',
      'obtain certificates',
      'ask to register the server',
    ];
    for (const turn of turns) {
      const run = waygate('server', 'join', invitation, ...first, ...settings);
      await run.until(turn);
      await run.end('SIGKILL');
    }
    const joining = waygate('server', 'join', ...settings, '--json');
    await joining.until('waits for the registration officer');
    await until('the checklist', async () => {
      const { checklist, requests } = await checklistOf(id);
      const step = checklist.find(({ code }) => code === 'server-approval');
      return step?.state === 'waiting' && requests.some(({ status }) => status === 'waiting');
    });
    const seen = await checklistOf(id);
    expect(seen.requests).toMatchObject([{ kind: 'authCertReg', status: 'waiting' }]);
    expect(seen.connections).toMatchObject([{ outcome: 'reached' }]);
    await finished(waygate('registry', 'decide', id, '--approve', ...registryArgs()));
    const { result, steps } = JSON.parse(await finished(joining)) as {
      result: string;
      steps: readonly { state: string }[];
    };
    expect(result).toBe('joined');
    expect(new Set(steps.map(({ state }) => state))).toEqual(new Set(['done']));
    // Nothing that opens anything is left behind.
    const left = await readFile(join(folder, 'maritime', 'join.json'), 'utf8');
    expect(left).not.toContain('"secret"');
    expect(left).not.toContain(invitation.slice(-40));

    const server = waygate('server', 'start', ...settings, '--json');
    await server.until('clientUrl');
    const port = JSON.parse(await readFile(join(folder, 'maritime.yaml'), 'utf8')).clientPort;
    const url = `http://127.0.0.1:${port}/r1/PILOT/GOV/1001/population/listMethods`;
    const ask = () => request(url, { headers: { 'X-Road-Client': 'PILOT/GOV/1003/vessels' } });
    await until('the first exchange', async () => {
      const { statusCode, body } = await ask();
      await body.dump();
      return statusCode === 200;
    });
    await server.end('SIGTERM');
  });

  it('joins through the administration API of a server that is not founded yet', async () => {
    const { id, invitation } = await invite('1007', 'Fifth Agency');
    const settings = await serverArgs('fifth', '127.0.0.10');
    const { adminPort } = JSON.parse(await readFile(settings[1] ?? '', 'utf8'));
    const server = waygate('server', 'start', ...settings, '--json');
    await server.until('adminUrl');
    const admin = async () => {
      const key = (await readFile(join(folder, 'fifth', 'api-key'), 'utf8')).trim();
      return adminClient(`http://127.0.0.1:${adminPort}`, key);
    };
    const begin = { invitation, address: '127.0.0.10', subsystems: [{ code: 'x' }] };
    expect(await (await admin()).get('/join')).toMatchObject({ result: 'none', isRunning: false, steps: [] });
    await expect((await admin()).post('/join', { ...begin, invitation: 'x.y.z' })).rejects.toThrow(
      'invitation-malformed',
    );
    await (await admin()).post('/join', begin);
    await expect((await admin()).post('/join', begin)).rejects.toThrow('not-joinable');
    const viewIs = (wanted: (view: JoinView) => boolean) =>
      until('the joining', async () => {
        // Also while the server takes the place of what came before it: somebody always listens.
        const view = await (await admin()).get<JoinView>('/join');
        return wanted(view);
      });
    const isAt = (code: string) => (view: JoinView) =>
      view.steps.some((step) => step.code === code && step.state === 'waiting');
    await viewIs(isAt('server-approval'));
    await server.end('SIGKILL');
    const again = waygate('server', 'start', ...settings, '--json');
    await again.until('adminUrl');
    await finished(waygate('registry', 'decide', id, '--approve', ...registryArgs()));
    await viewIs(({ result, isRunning }) => result === 'joined' && !isRunning);
    await expect((await admin()).post('/join', begin)).rejects.toThrow('not-joinable');
    await again.end('SIGTERM');
  });

  it('is declined, and told why: at the command line, and at its webhook', async () => {
    const { id, invitation } = await invite('1004', 'Another Agency');
    const settings = await serverArgs('another', '127.0.0.4');
    const hook = ['--join-webhook', `http://127.0.0.1:${webhook.port}/hook`];
    const begin = [invitation, '--address', '127.0.0.4', '--subsystem', 'x'];
    const joining = waygate('server', 'join', ...begin, ...settings, ...hook, '--json');
    await joining.until('waits for the registration officer');
    const reason = 'The agreement has not been signed';
    await finished(waygate('registry', 'decide', id, '--decline', reason, ...registryArgs()));
    const { code, out } = await joining.done;
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ result: 'declined', reason });
    expect(told).toHaveLength(1);
    const [{ headers, body } = { headers: {}, body: '' }] = told;
    expect(JSON.parse(body)).toMatchObject({ result: 'declined', reason, server: 'PILOT:GOV:1004:ss1' });
    const signed = `${String(headers['x-waygate-timestamp'])}.${body}`;
    const expected = createHmac('sha256', webhookSecret).update(signed).digest('hex');
    expect(headers['x-waygate-signature']).toBe(`v1=${expected}`);
    expect((await checklistOf(id)).requests).toMatchObject([{ status: 'declined' }]);

    // Another invitation goes on with the server and the keys that are there.
    const again = await invite('1004', 'Another Agency');
    const early = await waygate('registry', 'decide', again.id, '--approve', ...registryArgs()).done;
    expect(early).toMatchObject({ code: 2, log: expect.stringContaining('not-redeemed') });
    const second = waygate('server', 'join', again.invitation, ...begin.slice(1), ...settings, '--json');
    await second.until('waits for the registration officer');
    await finished(waygate('registry', 'decide', again.id, '--approve', ...registryArgs()));
    expect(JSON.parse(await finished(second))).toMatchObject({ result: 'joined' });
  });

  it('cannot use an invitation that somebody else has redeemed', async () => {
    const { invitation } = await invite('1005', 'Third Agency');
    const begin = [invitation, '--address', '127.0.0.5', '--subsystem', 'x', '--no-wait', '--json'];
    const [one, other] = [await serverArgs('third', '127.0.0.5'), await serverArgs('thief', '127.0.0.6')];
    expect((await waygate('server', 'join', ...begin, ...one).done).code).toBe(3);
    const { code, out } = await waygate('server', 'join', ...begin, ...other).done;
    expect(code).toBe(2);
    const { steps } = JSON.parse(out) as {
      steps: readonly { code: string; state: string; detail?: string }[];
    };
    expect(steps.find(({ state }) => state === 'failed')).toMatchObject({
      code: 'redemption',
      detail: expect.stringContaining('invitation-used'),
    });
  });

  it('is told which line the firewall lacks', async () => {
    const { id, invitation } = await invite('1006', 'Fourth Agency');
    // Other servers would reach this address, where the server does not listen.
    const begin = [invitation, '--address', '127.0.0.9', '--subsystem', 'x', '--no-wait', '--json'];
    const settings = await serverArgs('fourth', '127.0.0.7');
    const { code, out } = await waygate('server', 'join', ...begin, ...settings).done;
    expect(code).toBe(3);
    const { steps } = JSON.parse(out) as {
      steps: readonly { code: string; awaits?: string; detail?: string }[];
    };
    const { peers } = network.ports;
    expect(steps.find(({ code: one }) => one === 'reach-server')).toMatchObject({
      state: 'waiting',
      awaits: 'network-administrator',
      detail: expect.stringContaining(`127.0.0.9 port ${peers}: refused`),
    });
    const { checklist } = await checklistOf(id);
    expect(checklist.find(({ code: one }) => one === 'reach-server')).toMatchObject({ state: 'waiting' });
  });
});

describe('the README', () => {
  it('leads from an invitation to the first exchange with the commands it shows', async () => {
    const home = join(folder, 'readme');
    await mkdir(home);
    await writeFile(join(home, 'pin.txt'), pin);
    const [, file = ''] = await serverArgs('port', '127.0.0.8');
    const { data: _, pinFile: __, ...settings } = JSON.parse(await readFile(file, 'utf8'));
    await writeFile(file, JSON.stringify(settings));
    // Where things are is all that differs from what a reader does.
    const registry = `${join(network.data, 'registry')} --admin ${network.registry.adminUrl}`;
    const run = (command: string, id = '') =>
      programs.shell(
        command
          .replaceAll('/var/lib/waygate/registry', registry)
          .replaceAll('/var/lib/waygate/ss1', `${join(home, 'ss1')} --settings ${file}`)
          .replaceAll('ss1.ports.example', '127.0.0.8')
          .replaceAll('http://127.0.0.1:8080', `http://127.0.0.1:${settings.clientPort}`)
          .replace(' ID ', ` ${id} `),
        home,
      );

    const commands = await commandsOf('README.md', '## Join an instance in five minutes');
    expect(commands).toHaveLength(6);
    const [invites = '', joins = '', lists = '', decides = '', starts = '', calls = ''] = commands;
    await run(invites);
    const joining = run(joins);
    let id = '';
    await until('somebody to decide about', async () => {
      const all =
        await network.registryAdmin.get<readonly { id: string; member: string; state: string }[]>(
          '/invitations',
        );
      const mine = all.find(({ member }) => member === 'PILOT:GOV:1010');
      id = mine?.id ?? '';
      return mine?.state === 'used';
    });
    expect(await run(lists)).toContain(id);
    await run(decides, id);
    expect(await joining).toContain('has joined');
    // Runs until the end of the journey.
    const server = run(starts).catch((error: unknown) => error);
    await until('the first exchange', () =>
      run(calls).then(
        (answer) => answer.includes('register'),
        () => false,
      ),
    );
    programs.end('SIGTERM');
    await server;
  });
});
