import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { invitationAlgorithm, invitationType, type JoinStep } from '../../gateway/joining/index.ts';
import { Joining, type JoiningOptions, readJoinView } from './joining.ts';
import { lockFolder } from './lock.ts';

const now = new Date('2026-01-01T00:00:00Z');
let data: string;
let steps: JoinStep[];
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'waygate-joining-'));
  steps = [];
});
afterEach(() => rmSync(data, { recursive: true }));

const keys = generateKeyPairSync('ed25519');

/** Of a registry that nobody can reach. */
async function invitation(jti = 'a'): Promise<string> {
  const iat = now.getTime() / 1000;
  return new SignJWT({
    ...{ jti: jti.repeat(22), iat, exp: iat + 3600, iss: 'DEV', serverCode: 'ss1' },
    member: { memberClass: 'GOV', memberCode: '1', name: 'Agency' },
    configurationUrl: 'http://127.0.0.1:1/internalconf',
    registrationUrl: 'https://127.0.0.1:1/managementservice/',
    ...{ anchorSha256: '0'.repeat(64), registrationCertificateSha256: '0'.repeat(64) },
  })
    .setProtectedHeader({
      alg: invitationAlgorithm,
      typ: invitationType,
      jwk: await exportJWK(keys.publicKey),
    })
    .sign(keys.privateKey);
}

const options = (more: Partial<JoiningOptions> = {}): JoiningOptions => ({
  places: {
    ...{ data, peerHost: '127.0.0.1', peerPorts: [], instancePeerPort: 1 },
    ...{ requestFolder: data, certificateFolder: data },
  },
  pin: () => '1',
  start: async () => {
    throw new Error('no server is started here');
  },
  now: () => now,
  pollMs: 1,
  waits: false,
  onStep: (step) => steps.push(step),
  onTrouble: (about, error) => {
    throw new Error(about, { cause: error });
  },
  ...more,
});
const beginWith = (text: string) => ({
  invitation: text,
  address: 'ss1.example',
  subsystems: [{ code: 'x' }],
});

describe('a joining', () => {
  it('waits for the network, and names the lines that are missing', async () => {
    const joining = await Joining.open(options(), beginWith(await invitation()));
    const { result } = await joining.run();
    expect(result).toBe('waiting');
    expect(steps.at(-1)).toMatchObject({
      code: 'reach-registry',
      state: 'waiting',
      awaits: 'network-administrator',
      detail: expect.stringContaining('the registry at 127.0.0.1 port 1: refused'),
    });
  });

  it('begins with a device of the settings alone, and keeps to the one in which its key was made', async () => {
    const text = await invitation();
    const here = options();
    const places = { ...here.places, devices: ['city'] };
    const open = (signingToken: string, given = text) =>
      Joining.open({ ...here, places }, { ...beginWith(given), signingToken });
    await expect(open('town')).rejects.toMatchObject({ code: 'wrong-use' });
    await open('city');
    const file = join(data, 'join.json');
    const state = JSON.parse(readFileSync(file, 'utf8'));
    expect(state).toMatchObject({ signingToken: 'city' });
    const outcome = { result: 'declined', at: now.toISOString(), isTold: true };
    const keys = { signing: 'a', authentication: 'b' };
    writeFileSync(file, JSON.stringify({ ...state, keys, outcome }));
    const another = await invitation('b');
    places.devices.push('town');
    await expect(open('town', another)).rejects.toMatchObject({ code: 'wrong-use' });
    await Joining.open({ ...here, places }, beginWith(another));
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ signingToken: 'city', keys });
  });

  it('goes on without the invitation, and with the same one', async () => {
    const text = await invitation();
    await (await Joining.open(options(), beginWith(text))).run();
    const read = () => JSON.parse(readFileSync(join(data, 'join.json'), 'utf8'));
    const { secret } = read();
    const again = await Joining.open(options(), undefined);
    expect(again.view().steps.find(({ code }) => code === 'invitation')).toMatchObject({ state: 'done' });
    await Joining.open(options(), beginWith(`${text}\n`));
    // The registry may know it already.
    expect(read().secret).toBe(secret);
  });

  it('takes another address, or another invitation, until the registry knows it', async () => {
    const text = await invitation();
    await Joining.open(options(), beginWith(text));
    const read = () => JSON.parse(readFileSync(join(data, 'join.json'), 'utf8'));
    const { secret } = read();
    await Joining.open(options(), { ...beginWith(text), address: 'ss2.example' });
    expect(read()).toMatchObject({ address: 'ss2.example', secret });
    await Joining.open(options(), beginWith(await invitation('b')));
    expect(read().secret).not.toBe(secret);
  });

  it.each([
    ['a blank in its address', { address: 'a b' }],
    ['an address with a port', { address: 'ss1.example:5500' }],
    ['a code that cannot be registered', { subsystems: [{ code: 'a/b' }] }],
    ['no subsystem', { subsystems: [] }],
  ])('does not begin with %s', async (_, more) => {
    const begin = { ...beginWith(await invitation()), ...more };
    await expect(Joining.open(options(), begin)).rejects.toMatchObject({ code: 'wrong-use' });
    expect(await readJoinView(data)).toBeUndefined();
  });

  it('is worked on by one process at a time, and ended once', async () => {
    const text = await invitation();
    const one = await Joining.open(options(), beginWith(text));
    const other = await Joining.open(options(), undefined);
    const unlock = lockFolder(data);
    await expect(one.run()).rejects.toMatchObject({ code: 'wrong-use' });
    unlock();
    expect((await one.run()).result).toBe('waiting');
    expect((await other.run()).result).toBe('waiting');
    const path = join(data, 'join.json');
    const { secret: _, ...ended } = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify(ended));
    await expect(other.run()).rejects.toMatchObject({ code: 'wrong-use' });
  });

  it('does not begin where another has begun, or a server was founded', async () => {
    await Joining.open(options(), beginWith(await invitation()));
    const path = join(data, 'join.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), anchor: 'a' }));
    const second = Joining.open(options(), beginWith(await invitation('b')));
    await expect(second).rejects.toMatchObject({ code: 'wrong-use' });
    rmSync(join(data, 'join.json'));
    writeFileSync(join(data, 'settings.sqlite'), '');
    const founded = Joining.open(options(), beginWith(await invitation()));
    await expect(founded).rejects.toMatchObject({ code: 'wrong-use' });
  });

  it('that was declined begins again for the same server alone, with a secret of its own', async () => {
    await Joining.open(options(), beginWith(await invitation()));
    const path = join(data, 'join.json');
    const { invitation: _, secret, ...rest } = JSON.parse(readFileSync(path, 'utf8'));
    const declined = {
      ...rest,
      outcome: { result: 'declined', at: '', isTold: true },
      keys: { signing: 's', authentication: 'a' },
    };
    writeFileSync(path, JSON.stringify(declined));
    await expect(Joining.open(options(), undefined)).rejects.toThrow('has ended: declined');
    writeFileSync(join(data, 'settings.sqlite'), '');
    writeFileSync(path, JSON.stringify({ ...declined, server: 'DEV/GOV/1/ss2' }));
    const other = Joining.open(options(), beginWith(await invitation('b')));
    await expect(other).rejects.toMatchObject({ code: 'wrong-use' });
    writeFileSync(path, JSON.stringify(declined));
    await Joining.open(options(), beginWith(await invitation('b')));
    const begun = JSON.parse(readFileSync(path, 'utf8'));
    expect(begun).toMatchObject({ keys: declined.keys });
    expect(begun.outcome).toBeUndefined();
    expect(begun.secret).not.toBe(secret);
  });

  it('does not go on where none has begun, or from a file that is damaged', async () => {
    await expect(Joining.open(options(), undefined)).rejects.toMatchObject({ code: 'wrong-use' });
    writeFileSync(join(data, 'join.json'), '{"version":2}');
    await expect(Joining.open(options(), undefined)).rejects.toThrow('damaged');
    await expect(readJoinView(data)).rejects.toThrow('damaged');
  });

  it('refuses an invitation that expired before it was redeemed', async () => {
    const later = () => new Date(now.getTime() + 7_200_000);
    await Joining.open(options(), beginWith(await invitation()));
    const again = Joining.open(options({ now: later }), undefined);
    await expect(again).rejects.toMatchObject({ code: 'expired' });
  });

  it('is broken off while it waits', async () => {
    const interruption = new AbortController();
    const onStep = ({ state }: JoinStep) => {
      if (state === 'waiting') interruption.abort();
    };
    const waiting = options({ waits: true, signal: interruption.signal, onStep, pollMs: 60_000 });
    const joining = await Joining.open(waiting, beginWith(await invitation()));
    await expect(joining.run()).rejects.toMatchObject({ name: 'AbortError' });
  });
});
